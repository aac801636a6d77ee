import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RuleGroup } from '../../../alerts/alert.ts'
import { ensurePrograms } from '../../../compose/local/programs.ts'
import { run } from '../../../compose/local/run.ts'
import { startPrometheus } from '../../../compose/local/servers.ts'
import { ruleFile } from '../../../compose/rule-file.ts'
import { yaml } from '../../../compose/yaml.ts'
import { freePort, type workshop } from '../../integration/servers.ts'
import type { InputSeries } from '../../promtool/series.ts'

/** Every sample of promtool's notation: none where it leaves one out. */
const samplesOf = (values: string): readonly (number | undefined)[] =>
  values.split(' ').flatMap((word) => {
    const [, first = '', rise = '0', times = '0'] = /^(_|[\d.]+)(?:\+([\d.]+))?(?:x(\d+))?$/.exec(word) ?? []
    if (first === '') throw new Error(`${word} is no value of promtool`)
    if (first === '_') return Array.from({ length: Number(times) }, () => undefined)
    return Array.from({ length: Number(times) + 1 }, (_, i) => Number(first) + i * Number(rise))
  })

const minute = 60

const openMetrics = (series: readonly InputSeries[], begin: number) =>
  [
    ...series.flatMap((one) =>
      samplesOf(one.values).flatMap((value, i) =>
        value === undefined ? [] : [`${one.series} ${value} ${begin + i * minute}`],
      ),
    ),
    '# EOF\n',
  ].join('\n')

/** A Prometheus in which all of this happened, a sample a minute until now, and was recorded as it happened. */
export const backfilled = async (
  shop: ReturnType<typeof workshop>,
  {
    series,
    groups,
    days,
  }: { readonly series: readonly InputSeries[]; readonly groups: readonly RuleGroup[]; readonly days: number },
) => {
  const programs = await ensurePrograms(['prometheus', 'promtool'])
  const home = join(shop.folder, 'month')
  const dataDir = join(home, 'data')
  mkdirSync(dataDir, { recursive: true })
  const put = (name: string, text: string) => {
    writeFileSync(join(home, name), text)
    return join(home, name)
  }
  const promtool = async (...args: readonly string[]) => {
    const { code, output } = await run([programs.promtool.path, 'tsdb', 'create-blocks-from', ...args], {
      env: programs.promtool.env,
    })
    if (code !== 0) throw new Error(output)
  }
  const end = Math.floor(Date.now() / 1000 / minute) * minute
  const begin = end - days * 86_400
  const port = await freePort()
  const start = () =>
    startPrometheus({
      program: programs.prometheus,
      dataDir,
      port,
      configFile: put('prometheus.yml', yaml({ scrape_configs: [] })),
      args: ['--storage.tsdb.retention.time=60d'],
    })
  await promtool('openmetrics', put('samples.txt', openMetrics(series, begin)), dataDir)
  const first = await start()
  const rules = put('rules.yml', yaml(ruleFile(groups)))
  const times = [`--start=${begin}`, `--end=${end}`, '--eval-interval=1m']
  await promtool('rules', ...times, `--url=${first.url}`, `--output-dir=${dataDir}`, rules)
  // It finds the new blocks when it starts.
  await first.stop()
  const prometheus = shop.keep(await start())
  return {
    ask: async (promql: string): Promise<number> => {
      const answer = await fetch(`${prometheus.url}/api/v1/query?time=${end}&query=${encodeURIComponent(promql)}`)
      const { data, error } = JSON.parse(await answer.text())
      if (!answer.ok) throw new Error(`${promql}: ${error}`)
      if (data.result.length !== 1) throw new Error(`${promql} finds ${data.result.length} series`)
      return Number(data.result[0].value[1])
    },
  }
}
