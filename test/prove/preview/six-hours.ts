import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensurePrograms } from '../../../compose/local/programs.ts'
import { run } from '../../../compose/local/run.ts'
import { startPrometheus } from '../../../compose/local/servers.ts'
import { startStack } from '../../../compose/stack.ts'
import { settle } from '../../../compose/watch.ts'
import { yaml } from '../../../compose/yaml.ts'
import { sla } from '../../../config/sla.ts'
import type { Dashboard } from '../../../dashboards/dashboard.ts'
import { namesOf } from '../../../metrics/names.ts'
import { instantValue } from '../../integration/instant-query.ts'
import { eventually, freePort, onFreePorts, type workshop } from '../../integration/servers.ts'

type Shop = ReturnType<typeof workshop>

/** Seconds: as far apart as scrapes are, for this long, and a little on, so that nothing ends while it is looked at. */
const [step, past, future] = [15, 6 * 3600, 900]

const ask = async (url: string): Promise<string> => {
  const answer = await fetch(url)
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text}`)
  return text
}

/** Every series that a dashboard may ask for, as the demo has them: `series value`. */
const recorded = async (shop: Shop, { json }: Dashboard): Promise<readonly string[]> => {
  const env = await onFreePorts({ TRAFFIC_RATE: '20' })
  const { signal } = new AbortController()
  const stack = await startStack({ env, folder: join(shop.folder, 'stack'), say: () => undefined, signal })
  try {
    const prometheus = `http://${stack.deployment.prometheus}`
    await settle(prometheus, { within: 120_000, signal })
    await eventually(
      () => instantValue(prometheus, 'count(slo:error_budget_remaining:ratio)'),
      (count) => count === namesOf(sla).length,
      { within: 120_000, every: 500 },
    )
    const words = new Set(JSON.stringify(json).split(/[^\w:]+/))
    const { data }: { readonly data: readonly string[] } = JSON.parse(
      await ask(`${prometheus}/api/v1/label/__name__/values`),
    )
    const names = data.filter((name) => words.has(name))
    const text = await ask(
      `${prometheus}/federate?${new URLSearchParams({ 'match[]': `{__name__=~"${names.join('|')}"}` })}`,
    )
    // Without the moment behind the value.
    return text.split('\n').flatMap((line) => (/^[a-z]/i.test(line) ? line.replace(/ \d+$/, '') : []))
  } finally {
    await stack.stop()
  }
}

const counted = /_(?:total|bucket|count|sum)[{ ]/

/** What counts, counts up from nothing to what was recorded; everything else stayed as it was. */
const history = (lines: readonly string[], now: number) => {
  const moments = Array.from({ length: (past + future) / step + 1 }, (_, place) => place)
  const samples = lines.flatMap((line) => {
    const end = line.lastIndexOf(' ')
    const [series, last] = [line.slice(0, end), line.slice(end + 1)]
    const valueAt = (place: number) => (counted.test(line) ? String((Number(last) * place) / moments.length) : last)
    return moments.map((place) => `${series} ${valueAt(place)} ${now - past + place * step}`)
  })
  return `${samples.join('\n')}\n# EOF\n`
}

/** A Prometheus that holds six hours of what a dashboard asks for. */
export const sixHoursOf = async (shop: Shop, dashboard: Dashboard) => {
  const lines = await recorded(shop, dashboard)
  const programs = await ensurePrograms(['prometheus', 'promtool'])
  const home = join(shop.folder, 'six-hours')
  const at = (name: string) => join(home, name)
  const [dataDir, samples, configFile] = [at('data'), at('samples.txt'), at('prometheus.yml')]
  mkdirSync(dataDir, { recursive: true })
  writeFileSync(samples, history(lines, Math.floor(Date.now() / 1000)))
  writeFileSync(configFile, yaml({ scrape_configs: [] }))
  const made = await run([programs.promtool.path, 'tsdb', 'create-blocks-from', 'openmetrics', samples, dataDir], {
    env: programs.promtool.env,
  })
  if (made.code !== 0) throw new Error(made.output)
  const port = await freePort()
  const { url } = shop.keep(await startPrometheus({ program: programs.prometheus, dataDir, configFile, port }))
  return { url, series: lines.length }
}
