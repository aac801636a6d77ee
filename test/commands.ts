import { everyAlert } from './promtool/case.ts'

/** Every command of the runbook that is pasted into a shell, once. */
export const shellCommands: readonly string[] = [
  ...new Set(everyAlert.flatMap(({ runbook }) => runbook?.diagnosis.flatMap(({ shell }) => shell ?? []) ?? [])),
]

/** An address that commands ask, with what they ask in its query. */
const askedBy = (command: string): readonly URL[] =>
  [...command.matchAll(/curl ((?:'[^']*'|"[^"]*"|[^'"|;])*)/g)].flatMap(([, words = '']) => {
    const [address] = /(?:https?:\/\/)?(?:localhost|127\.0\.0\.1):\d+[^\s'"]*/.exec(words) ?? []
    if (address === undefined || address.includes('$')) return []
    const url = new URL(address.startsWith('http') ? address : `http://${address}`)
    for (const [, name = '', value = ''] of words.matchAll(/--data-urlencode '([^=]+)=([^']*)'/g)) {
      url.searchParams.append(name, value)
    }
    return [url]
  })

/** What commands ask of programs of the stack, each once. */
export const askedAddresses: readonly URL[] = [
  ...new Map(shellCommands.flatMap(askedBy).map((url) => [url.href, url])).values(),
]

/** What commands ask Prometheus, through its API or through promtool. */
export const askedQueries: readonly string[] = [
  ...askedAddresses.flatMap((url) => url.searchParams.get('query') ?? []),
  ...shellCommands.flatMap((command) =>
    [...command.matchAll(/promtool query \w+ [^']*'([^']+)'$/g)].map(([, expr = '']) => expr),
  ),
]
