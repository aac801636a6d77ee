import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensurePrograms } from '../../../compose/local/programs.ts'
import { startBlackboxExporter } from '../../../compose/local/servers.ts'
import { blackboxConfig } from '../../../compose/prometheus.ts'
import { freePort, type workshop } from '../../integration/servers.ts'

/** The blackbox exporter, with the modules that the stack has where no others are given. */
export const blackboxIn = async (shop: ReturnType<typeof workshop>, modules: string = blackboxConfig()) => {
  const programs = await ensurePrograms(['blackbox-exporter'])
  const configFile = join(shop.folder, 'blackbox.yml')
  writeFileSync(configFile, modules)
  const server = shop.keep(
    await startBlackboxExporter({
      program: programs['blackbox-exporter'],
      dataDir: join(shop.folder, 'blackbox'),
      port: await freePort(),
      configFile,
      // A probe has what Prometheus waits, less this much: half a second of one is too much.
      args: ['--timeout-offset=0.1'],
    }),
  )
  return {
    ...server,
    /** From now on it probes by other modules. */
    become: async (others: string) => {
      writeFileSync(configFile, others)
      const answer = await fetch(`${server.url}/-/reload`, { method: 'POST' })
      if (!answer.ok) throw new Error(`the blackbox exporter refused its modules: ${await answer.text()}`)
    },
  }
}
