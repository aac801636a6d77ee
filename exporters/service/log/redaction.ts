import { isIP } from 'node:net'
import { types } from 'node:util'
import { keyJudge } from './redaction-keys.ts'
import { cleanText, isCard, redacted } from './redaction-text.ts'

/** What JSON can hold, and nothing that has a life of its own. */
export type Plain = string | number | boolean | null | undefined | readonly Plain[] | PlainObject
export interface PlainObject {
  readonly [key: string]: Plain
}

/**
 * Copies without secrets and personal data, told by their key or by their form. What they were made of is not changed.
 * Neither throws, whatever it is given, and what they return is bounded.
 */
export interface Redaction {
  text(text: string): string
  value(value: unknown): Plain
}

/** Of one value, all that is in it together: far more than anybody reads, and less than harms the log. */
const most = { depth: 8, entries: 100, nodes: 1_000, text: 16_384, allText: 98_304, key: 128 } as const
const unreadable = '[unreadable]'

/** What of the bounds is left, and what we are inside of. */
interface Walk {
  nodes: number
  text: number
  readonly path: object[]
}

/** Text is cut at a blank where there is one near: half a secret could not be told by its form. */
const cutText = (text: string, room: number) => {
  if (text.length <= room) return text
  let end = room
  while (end > room - 1_024 && end > 0 && !/\s/.test(text[end] ?? '')) end -= 1
  return text.slice(0, end)
}

const cutMark = (length: number) => ` [cut: ${length} characters]`

/** @param keys further keys whose values are secret */
export const redaction = (keys: readonly string[] = []): Redaction => {
  const kindOf = keyJudge(keys)

  const text = (given: string, room: number = most.text) => {
    const kept = cutText(given, Math.max(0, room))
    const clean = cleanText(kept, kindOf)
    return kept.length < given.length ? clean + cutMark(given.length) : clean
  }

  const string = (given: string, walk: Walk) => {
    const clean = text(given, Math.min(most.text, walk.text))
    walk.text -= clean.length
    return clean
  }

  const number = (given: number | bigint): Plain => {
    if (given >= 1e12 && isCard(String(given))) return redacted
    return typeof given === 'number' && Number.isFinite(given) ? given : String(given)
  }

  /** Under a key that tells of a secret nothing is shown but that there is none. */
  const under = (key: string, given: unknown, walk: Walk): Plain => {
    const kind = kindOf(key)
    if (kind === undefined || given === undefined || given === null || typeof given === 'boolean')
      return walkIn(given, walk)
    // The address in an error of a socket is one of a machine.
    return kind === 'personal' && typeof given === 'string' && isIP(given) !== 0 ? given : redacted
  }

  const list = (given: Iterable<unknown>, length: number, walk: Walk): Plain => {
    const out: Plain[] = []
    // Headers as they came, or one entry of a map: name, value, name, value.
    let name: string | undefined
    for (const one of given) {
      if (out.length >= most.entries || walk.nodes <= 0) {
        out.push(`[cut: ${length} entries]`)
        break
      }
      const isValue = out.length % 2 === 1 && name !== undefined && !(typeof one === 'string' && kindOf(one))
      out.push(isValue && name !== undefined ? under(name, one, walk) : walkIn(one, walk))
      name = length % 2 === 0 && typeof one === 'string' && one.length <= most.key ? one : undefined
    }
    return out
  }

  const add = (out: Record<string, Plain>, key: string, given: () => unknown, walk: Walk) => {
    const name = key.length > most.key || /@|%40|\d{12}/.test(key) ? string(key.slice(0, most.key), walk) : key
    if (name === '__proto__') return
    walk.text -= name.length
    try {
      out[name] = under(key, given(), walk)
    } catch {
      out[name] = unreadable
    }
  }

  const entries = (given: Iterable<readonly [unknown, unknown]>, walk: Walk): Plain => {
    const out: Record<string, Plain> = {}
    let count = 0
    for (const [key, one] of given) {
      if (count >= most.entries || walk.nodes <= 0) {
        out['[cut]'] = 'more entries'
        break
      }
      count += 1
      add(out, typeof key === 'object' ? `[key ${count}]` : String(key), () => one, walk)
    }
    return out
  }

  const properties = (given: object, walk: Walk, left: readonly string[] = [], out: Record<string, Plain> = {}) => {
    const names = Object.keys(given)
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
      add(out, key, () => (typeof named === 'string' && kindOf(named) ? redacted : get(given, key)), walk)
    }
    return out
  }

  const error = (given: object, walk: Walk) => {
    const out: Record<string, Plain> = {}
    for (const key of ['name', 'message', 'stack', 'cause', 'errors']) {
      let one: unknown = unreadable
      try {
        one = get(given, key)
      } catch {
        // It is told as unreadable.
      }
      if (one !== undefined && one !== null && one !== '') add(out, key, () => one, walk)
    }
    return properties(given, walk, ['name', 'message', 'stack', 'cause', 'errors'], out)
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
    return asJson === undefined || asJson === given ? properties(given, walk) : walkIn(asJson, walk)
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

  const walkIn = (given: unknown, walk: Walk): Plain => {
    walk.nodes -= 1
    if (typeof given === 'string') return string(given, walk)
    if (typeof given === 'number' || typeof given === 'bigint') return number(given)
    if (typeof given === 'symbol') return string(String(given), walk)
    if (typeof given === 'function') return '[function]'
    if (typeof given === 'boolean' || given === undefined || given === null) return given
    return walk.nodes < 0 || typeof given !== 'object' ? '[cut]' : object(given, walk)
  }

  return {
    text: (given) => text(given),
    value: (given) => walkIn(given, { nodes: most.nodes, text: most.allText, path: [] }),
  }
}

const get = (given: object, key: string): unknown => Reflect.get(given, key)

/** Also one of another realm, as of `node:vm`. */
export const isError = (given: unknown): given is Error => {
  try {
    return given instanceof Error || types.isNativeError(given)
  } catch {
    return false
  }
}

/** What the object wants to be in JSON; undefined where it does not say, or fails to. */
const jsonOf = (given: object): unknown => {
  try {
    const toJson = get(given, 'toJSON')
    return typeof toJson === 'function' ? toJson.call(given) : undefined
  } catch {
    return undefined
  }
}
