import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RuleGroup } from '../../alerts/alert.ts'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { run } from '../../compose/local/run.ts'
import { startPrometheus } from '../../compose/local/servers.ts'
import { ruleFile } from '../../compose/rule-file.ts'
import { yaml } from '../../compose/yaml.ts'
import { freePort, type workshop } from '../integration/servers.ts'

interface Recording {
  readonly groups: readonly RuleGroup[]
  /** Unix times between which they are evaluated, and how far apart, in seconds. */
  readonly begin: number
  readonly end: number
  readonly every: number
}

/** The blocks of a Prometheus that has not been there while they happened. */
export const history = async (shop: ReturnType<typeof workshop>, name: string) => {
  const programs = await ensurePrograms(['prometheus', 'promtool'])
  const home = join(shop.folder, name)
  const dataDir = join(home, 'data')
  mkdirSync(dataDir, { recursive: true })
  const port = await freePort()
  const put = (file: string, text: string) => {
    writeFileSync(join(home, file), text)
    return join(home, file)
  }
  const promtool = async (...args: readonly string[]) => {
    const { code, output } = await run([programs.promtool.path, 'tsdb', 'create-blocks-from', ...args], {
      env: programs.promtool.env,
    })
    if (code !== 0) throw new Error(output)
  }
  const start = () =>
    startPrometheus({
      program: programs.prometheus,
      dataDir,
      port,
      configFile: put('prometheus.yml', yaml({ scrape_configs: [] })),
      // Blocks stay as they are: whoever measures is not to be disturbed by their being joined.
      args: ['--storage.tsdb.retention.time=60d', '--storage.tsdb.max-block-duration=2h'],
    })
  return {
    home,
    put,
    start,
    /**
     * @param file samples in OpenMetrics
     * @param block how long a block is at most: all of the file is read for each
     */
    add: (file: string, block: `${number}h` = '2h') =>
      promtool('openmetrics', `--max-block-duration=${block}`, file, dataDir),
    /** What the rules would have recorded. They are found by a Prometheus that starts afterwards. */
    record: async ({ groups, begin, end, every }: Recording) => {
      const one = await start()
      try {
        const rules = put('rules.yml', yaml(ruleFile(groups)))
        const times = [`--start=${begin}`, `--end=${end}`, `--eval-interval=${every}s`]
        await promtool('rules', ...times, `--url=${one.url}`, `--output-dir=${dataDir}`, rules)
      } finally {
        await one.stop()
      }
    },
  }
}
