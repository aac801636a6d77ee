import { parseArgs } from 'node:util'
import { models as dashboards } from '../dashboards/index.ts'
import { isRange, parseMoment, type RawRange, usualRange } from '../dashboards/preview/page/times.ts'
import { isVision, visions } from './preview-pictures.ts'

/** How it is started. */
export const usage = [
  'npm run preview                     draws the dashboards at http://127.0.0.1:3001',
  'npm run preview -- --watch          and again as soon as their source changes',
  'npm run preview -- --png FOLDER     writes a picture of each into a folder',
  '  --dashboard UID                   only this one; may be given again',
  '  --from now-6h --to now            of this time',
  '  --var NAME=VALUE                  with this choice; may be given again',
  '  --theme light',
  `  --vision ${visions.join('|')}   as who cannot tell these colours apart sees it`,
].join('\n')

const options = {
  watch: { type: 'boolean' },
  png: { type: 'string' },
  dashboard: { type: 'string', multiple: true },
  from: { type: 'string' },
  to: { type: 'string' },
  var: { type: 'string', multiple: true },
  theme: { type: 'string' },
  vision: { type: 'string' },
  help: { type: 'boolean' },
} as const

export const readOptions = (args = process.argv.slice(2)) => {
  try {
    return parseArgs({ args, options }).values
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n\n${usage}`)
  }
}

export type Options = ReturnType<typeof readOptions>

const chosen = ({ dashboard: uids }: Options) => {
  const unknown = uids?.filter((uid) => !dashboards.some((one) => one.uid === uid)) ?? []
  if (unknown.length > 0) {
    throw new Error(
      `there is no dashboard ${unknown.join(', ')}. Known: ${dashboards.map(({ uid }) => uid).join(', ')}`,
    )
  }
  return dashboards.filter(({ uid }) => !uids || uids.includes(uid))
}

/** Undefined where neither is given. Only together: a dashboard's own end would not fit a beginning of somebody else's. */
const rangeOf = ({ from, to }: Options): RawRange | undefined => {
  const now = Date.now()
  for (const [name, text] of Object.entries({ from, to })) {
    if (text !== undefined && parseMoment(text, now) === undefined)
      throw new Error(`--${name} ${text}: write a moment such as now-6h, now/d or 2026-01-31T09:00`)
  }
  if (from === undefined && to === undefined) return undefined
  const range = { from: from ?? usualRange.from, to: to ?? usualRange.to }
  if (isRange(range, now)) return range
  throw new Error(
    `--from ${range.from} --to ${range.to}: the time ends before it begins. Write the earlier moment first`,
  )
}

/** What the dashboards can be told, by the parameter of an address. */
const choicesOf = ({ var: given = [] }: Options, list: typeof dashboards) => {
  const known = new Set(
    list
      .flatMap(({ json }) => json.templating?.list ?? [])
      .flatMap(({ type, name }) => (type === 'datasource' ? [] : name)),
  )
  return given.map((text): [string, string] => {
    const [, name, value] = /^(\w+)=(.*)$/s.exec(text) ?? []
    if (name === undefined || value === undefined) throw new Error(`--var ${text}: write --var NAME=VALUE`)
    if (!known.has(name))
      throw new Error(`--var ${text}: there is no variable ${name}. Known: ${[...known].join(', ')}`)
    return [`var-${name}`, value]
  })
}

const stateOf = (given: Options, list: typeof dashboards) => {
  const { theme } = given
  if (theme !== undefined && theme !== 'light' && theme !== 'dark')
    throw new Error(`--theme ${theme}: write light or dark`)
  return new URLSearchParams([
    ...Object.entries(rangeOf(given) ?? {}),
    ...Object.entries(theme ? { theme } : {}),
    ...choicesOf(given, list),
  ])
}

const visionOf = ({ vision }: Options) => {
  if (vision !== undefined && !isVision(vision)) throw new Error(`--vision ${vision}: write ${visions.join(' or ')}`)
  return vision
}

/** Which pictures are asked for. What is asked for wrongly is refused by the name of its argument. */
export const takenFor = (given: Options) => {
  const [list, vision] = [chosen(given), visionOf(given)]
  return { dashboards: list, state: stateOf(given, list), ...(vision && { vision }) }
}
