import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { startProcess } from '../../../compose/local/process.ts'
import { ensurePrograms } from '../../../compose/local/programs.ts'
import { run } from '../../../compose/local/run.ts'
import { plainYaml } from '../../../compose/yaml.ts'
import { freePort, type workshop } from '../../integration/servers.ts'
import { writeRuleFiles } from '../rule-files.ts'

type Shop = ReturnType<typeof workshop>

const ruleFile = z.object({
  groups: z.array(z.object({ rules: z.array(z.record(z.string(), z.unknown())) }).catchall(z.unknown())),
})

/** Its vmalert is older than `keep_firing_for`, which says how an alert ends and not when it fires. */
const older = (text: string) => {
  const { groups } = ruleFile.parse(parse(text))
  return plainYaml({
    groups: groups.map((group) => ({
      ...group,
      rules: group.rules.map(({ keep_firing_for: _, ...rule }) => rule),
    })),
  })
}

/** Every rule file that is generated, for Debian's vmalert, and a pattern for all of them. */
export const rulesFor = (folder: string): string => writeRuleFiles(folder, older)

const isOk = async (url: string) => (await fetch(url, { signal: AbortSignal.timeout(1000) })).ok

/** Debian's VictoriaMetrics. */
export const victoria = async (shop: Shop) => {
  const programs = await ensurePrograms(['victoria-metrics', 'vmalert'])
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const home = join(shop.folder, 'victoria')
  const { path, env } = programs['victoria-metrics']
  shop.keep(
    await startProcess({
      name: 'VictoriaMetrics',
      home,
      command: path,
      args: [
        `-httpListenAddr=127.0.0.1:${port}`,
        `-storageDataPath=${home}`,
        // It would answer for some time ago, so as not to answer before all has come.
        '-search.latencyOffset=1ms',
        // Asked while what is asked for still comes, it would say the same once more.
        '-search.disableCache',
      ],
      env,
      ready: () => isOk(`${url}/health`),
    }),
  )
  /** What vmalert has against the rules; nothing where it takes them all. */
  const refused = async (rules: string) => {
    const { code, output } = await run([programs.vmalert.path, '-dryRun', `-rule=${rules}`], {
      env: programs.vmalert.env,
    })
    return code === 0 ? '' : output
  }
  /** What it has against rules as they are generated, but for the one field that is taken out for it: nothing, as long as that is needed. */
  const refusedForMore = async (rules: string) => {
    const output = await refused(rules)
    if (output === '') return 'vmalert takes keep_firing_for: leave it in the rules that it is given'
    const lines = output.split('\n').filter((line) => line.includes('invalid '))
    return lines.filter((line) => !line.endsWith('unknown fields in rule: keep_firing_for')).join('\n')
  }
  /** Evaluates them, and keeps what they make beside what they read. */
  const evaluate = async (rules: string): Promise<string> => {
    const alertPort = await freePort()
    const evaluating = `http://127.0.0.1:${alertPort}`
    shop.keep(
      await startProcess({
        name: 'vmalert',
        home: join(shop.folder, 'vmalert'),
        command: programs.vmalert.path,
        args: [
          `-httpListenAddr=127.0.0.1:${alertPort}`,
          `-rule=${rules}`,
          `-datasource.url=${url}`,
          `-remoteWrite.url=${url}`,
          `-remoteRead.url=${url}`,
          // Nobody is to be told: it takes no fewer than one.
          `-notifier.url=${url}/nobody`,
          '-evaluationInterval=15s',
        ],
        env: programs.vmalert.env,
        ready: () => isOk(`${evaluating}/health`),
      }),
    )
    return evaluating
  }
  return { url, refused, refusedForMore, evaluate }
}
