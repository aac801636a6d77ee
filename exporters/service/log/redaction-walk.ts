import { types } from 'node:util'
import { type KeyJudge, personsName } from './redaction-keys.ts'
import { cleanText, isCard, redacted } from './redaction-text.ts'
import { isError, isObject } from './values.ts'

/** What JSON can hold, and nothing that has a life of its own. */
export type Plain = string | number | boolean | null | undefined | readonly Plain[] | PlainObject
export interface PlainObject {
  readonly [key: string]: Plain
}

/** Of one value, all that is in it together: far more than anybody reads, and less than harms the log. */
export const most = { depth: 8, entries: 100, nodes: 1_000, text: 16_384, allText: 98_304, key: 128 } as const
const unreadable = '[unreadable]'

/** What of the bounds is left, and what we are inside of. */
interface Walk {
  readonly judge: KeyJudge
  nodes: number
  text: number
  readonly path: object[]
  /** What comes next is told by a key like `guest`: a `name` in it is a person's. */
  ofPerson: boolean
}

export const walked = (given: unknown, judge: KeyJudge): Plain =>
  anything(given, { judge, nodes: most.nodes, text: most.allText, path: [], ofPerson: false })

/** Text is cut at a blank where there is one near: half a secret could not be told by its form. */
const cutText = (text: string, room: number) => {
  if (text.length <= room) return text
  let end = room
  while (end > room - 1_024 && end > 0 && !/\s/.test(text[end] ?? '')) end -= 1
  return text.slice(0, end)
}

const cutMark = (length: number) => ` [cut: ${length} characters]`

/** Clean, and no longer than there is room for it. */
export const shownText = (given: string, room: number, judge: KeyJudge): string => {
  const kept = cutText(given, Math.max(0, room))
  const clean = cleanText(kept, judge)
  return kept.length < given.length ? clean + cutMark(given.length) : clean
}

const string = (given: string, walk: Walk) => {
  const clean = shownText(given, Math.min(most.text, walk.text), walk.judge)
  walk.text -= clean.length
  return clean
}

const number = (given: number | bigint): Plain => {
  if (given >= 1e12 && isCard(String(given))) return redacted
  return typeof given === 'number' && Number.isFinite(given) ? given : String(given)
}

const anything = (given: unknown, walk: Walk): Plain => {
  walk.nodes -= 1
  if (typeof given === 'string') return string(given, walk)
  if (typeof given === 'number' || typeof given === 'bigint') return number(given)
  if (typeof given === 'symbol') return string(String(given), walk)
  if (typeof given === 'function') return '[function]'
  if (typeof given === 'boolean' || given === undefined || given === null) return given
  return walk.nodes < 0 || typeof given !== 'object' ? '[cut]' : object(given, walk)
}

const object = (given: object, walk: Walk): Plain => {
  if (walk.path.includes(given)) return '[circular]'
  if (walk.path.length >= most.depth) return '[deeper]'
  walk.path.push(given)
  try {
    return inside(given, walk)
  } catch {
    return unreadable
  } finally {
    walk.path.pop()
  }
}

const inside = (given: object, walk: Walk): Plain => {
  if (isError(given)) return error(given, walk)
  if (Array.isArray(given)) return list(given, given.length, walk)
  if (given instanceof Map) return entries(given, walk)
  if (given instanceof Set) return list(given, 2 * given.size + 1, walk)
  if (given instanceof Headers || given instanceof URLSearchParams) return entries(given, walk)
  if (given instanceof Date) return Number.isNaN(given.getTime()) ? String(given) : given.toISOString()
  if (given instanceof RegExp) return string(String(given), walk)
  if (ArrayBuffer.isView(given) || types.isAnyArrayBuffer(given)) return `[${given.byteLength} bytes]`
  if (types.isPromise(given) || types.isWeakMap(given) || types.isWeakSet(given)) return '[opaque]'
  const asJson = jsonOf(given)
  return asJson === undefined || asJson === given ? properties(given, walk) : anything(asJson, walk)
}

/** Under a key that tells of a secret nothing is shown but that there is none. */
const under = (key: string, given: unknown, walk: Walk, isPerson = false): Plain => {
  const judged = walk.judge(key)
  const hiding = judged.hiding ?? (isPerson && judged.isName ? personsName : undefined)
  if (!hiding || given === undefined || given === null || typeof given === 'boolean') {
    walk.ofPerson = judged.isPerson
    return anything(given, walk)
  }
  return (typeof given === 'string' || typeof given === 'number') && hiding.spares(String(given))
    ? anything(given, walk)
    : redacted
}

const list = (given: Iterable<unknown>, length: number, walk: Walk): Plain => {
  const { ofPerson } = walk
  const out: Plain[] = []
  // Headers as they came, or one entry of a map: name, value, name, value.
  let name: string | undefined
  for (const one of given) {
    if (out.length >= most.entries || walk.nodes <= 0) {
      out.push(`[cut: ${length} entries]`)
      break
    }
    const isValue = out.length % 2 === 1 && name !== undefined && !(typeof one === 'string' && walk.judge(one).hiding)
    walk.ofPerson = ofPerson
    out.push(isValue && name !== undefined ? under(name, one, walk) : anything(one, walk))
    name = length % 2 === 0 && typeof one === 'string' && one.length <= most.key ? one : undefined
  }
  return out
}

interface Entry {
  readonly key: string
  readonly given: () => unknown
  readonly isPerson?: boolean
}

const add = (out: Record<string, Plain>, { key, given, isPerson }: Entry, walk: Walk) => {
  const name = key.length > most.key || /@|%40|\d{9}/.test(key) ? string(key.slice(0, most.key), walk) : key
  if (name === '__proto__') return
  walk.text -= name.length
  try {
    out[name] = under(key, given(), walk, isPerson)
  } catch {
    out[name] = unreadable
  }
}

const entries = (given: Map<unknown, unknown> | Headers | URLSearchParams, walk: Walk): Plain => {
  const isPerson = walk.ofPerson || (given.has('name') && besidePerson(given.keys(), walk))
  const out: Record<string, Plain> = {}
  let count = 0
  for (const [key, one] of given) {
    if (count >= most.entries || walk.nodes <= 0) {
      out['[cut]'] = 'more entries'
      break
    }
    count += 1
    add(out, { key: isObject(key) ? `[key ${count}]` : String(key), given: () => one, isPerson }, walk)
  }
  return out
}

/** Whether an email or the like stands there. */
const besidePerson = (keys: Iterable<unknown>, walk: Walk) => {
  let count = 0
  for (const key of keys) {
    if (typeof key === 'string' && walk.judge(key).besidePerson) return true
    count += 1
    if (count >= most.entries) return false
  }
  return false
}

const properties = (given: object, walk: Walk, left: readonly string[] = [], out: Record<string, Plain> = {}) => {
  const names = Object.keys(given)
  const isPerson = walk.ofPerson || (left.length === 0 && hasName(given) && besidePerson(names, walk))
  let count = 0
  for (const key of names) {
    if (left.includes(key)) continue
    if (count >= most.entries || walk.nodes <= 0) {
      out['[cut]'] = `${names.length} keys`
      break
    }
    count += 1
    // { name: 'authorization', value: '...' }
    const named = key === 'value' && [get(given, 'name'), get(given, 'key')].find((one) => typeof one === 'string')
    const hidden = typeof named === 'string' && walk.judge(named).hiding !== undefined
    add(out, { key, given: () => (hidden ? redacted : get(given, key)), isPerson }, walk)
  }
  return out
}

const hasName = (given: object) => 'name' in given || 'displayName' in given

const ofErrors = ['name', 'message', 'stack', 'cause', 'errors']

const error = (given: object, walk: Walk) => {
  const out: Record<string, Plain> = {}
  for (const key of ofErrors) {
    let one: unknown = unreadable
    try {
      one = get(given, key)
    } catch {
      // It is told as unreadable.
    }
    if (one !== undefined && one !== null && one !== '') add(out, { key, given: () => one }, walk)
  }
  return properties(given, walk, ofErrors, out)
}

const get = (given: object, key: string): unknown => Reflect.get(given, key)

/** What the object wants to be in JSON; undefined where it does not say, or fails to. */
const jsonOf = (given: object): unknown => {
  try {
    const toJson = get(given, 'toJSON')
    return typeof toJson === 'function' ? toJson.call(given) : undefined
  } catch {
    return undefined
  }
}
