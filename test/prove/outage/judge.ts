import type { Played } from './play.ts'
import type { Held } from './watch.ts'

type Labels = Readonly<Record<string, string>>
type Row = readonly (string | number)[]

/** What the machine itself has at the same time is none of the fault. */
export const isOfThisMachine = ({ alertname = '' }: Labels) => alertname.startsWith('Host')

/** What has no severity is told to nobody. */
const isNews = (labels: Labels) => labels.severity !== undefined && !isOfThisMachine(labels)

/** By these the alerts of a table are told apart. */
const nameOf = ({ alertname = '', source_alert: source = '', check = '', burn_rate: pace = '', job = '' }: Labels) => {
  const part = source || check || (pace && `${pace} times`) || (/^Target/.test(alertname) ? job : '')
  return part ? `${alertname} (${part})` : alertname
}

const whole = (seconds: number) => Math.round(seconds)

const sourcesOf = (held: readonly Held[], name: string) => [
  ...new Set(held.filter(({ target }) => nameOf(target) === name).map(({ source }) => nameOf(source))),
]

/** What became of each alert that fired while a fault lasted and after it. */
export const rowsOf = ({ scenario, seen, held, messages }: Played): readonly Row[] => {
  const fired = seen.filter(({ labels }) => isNews(labels))
  const names = [...new Set(fired.map(({ labels }) => nameOf(labels)))]
  return names.map((name) => {
    const same = fired.filter(({ labels }) => nameOf(labels) === name)
    const [first] = same
    const told = messages.filter((one) => one.firing.some((labels) => nameOf(labels) === name))
    const sources = sourcesOf(held, name)
    const because = sources.length > 0 ? sources.join(', ') : told.length > 0 ? '–' : 'over before it was told'
    return [
      scenario.name,
      name,
      `${first?.labels.severity}, ${first?.labels.owner}`,
      same.length,
      whole(Math.min(...same.map(({ from }) => from))),
      whole(Math.max(...same.map(({ until }) => until))),
      because,
      told.map(({ receiver, after }) => `${receiver}, ${whole(after)} s`).join('; ') || '–',
    ]
  })
}

/** First notifications, in the order in which they came: the names of what each tells. */
const pagesOf = ({ messages }: Played) =>
  messages
    .map(({ firing, receiver, after }) => ({
      firing: firing.filter((one) => isNews(one) && !one.step),
      receiver,
      after,
    }))
    .filter(({ firing }) => firing.length > 0)

const pageFaults = (played: Played): readonly string[] => {
  const { scenario } = played
  const left = [...scenario.pages]
  const tooMany = pagesOf(played).flatMap(({ firing, receiver, after }) => {
    const names = [...new Set(firing.map(({ alertname = '' }) => alertname))]
    const place = names.length === 1 ? left.indexOf(names[0] ?? '') : -1
    if (place < 0) return [`${scenario.name}: ${receiver} was told of ${names.join(', ')} after ${whole(after)} s`]
    left.splice(place, 1)
    return []
  })
  return [...tooMany, ...left.map((name) => `${scenario.name}: nobody was told of ${name}`)]
}

/** A reminder, or an escalation, of what nobody was told of. */
const ladderFaults = ({ scenario, messages }: Played): readonly string[] =>
  messages
    .flatMap(({ firing, receiver }) => firing.filter(({ step }) => step).map((labels) => ({ labels, receiver })))
    .filter(({ labels }) => !isOfThisMachine({ alertname: labels.source_alert ?? '' }))
    .filter(({ labels }) => !scenario.pages.includes(labels.source_alert ?? ''))
    .map(
      ({ labels, receiver }) =>
        `${scenario.name}: ${receiver} was reminded of ${labels.source_alert}, of which nobody was told`,
    )

/** Every channel of a receiver gets every message for it. */
const channelFaults = ({ scenario, messages, channels }: Played): readonly string[] =>
  [...channels].flatMap(([way, count]) => {
    const [receiver = ''] = way.split(' ')
    const all = messages.filter((one) => one.receiver === receiver).length
    return all === count ? [] : [`${scenario.name}: ${way} got ${count} messages of ${all}`]
  })

export const faultsOf = (played: Played): readonly string[] => [
  ...pageFaults(played),
  ...ladderFaults(played),
  ...channelFaults(played),
]
