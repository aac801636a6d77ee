import { join } from 'node:path'
import { type ServerOptions, startWeb } from '../../compose/local/servers.ts'

/** A Prometheus that scrapes, keeps nothing but what it has not sent yet, and writes to others. */
export const startAgent = ({ configFile, ...options }: ServerOptions & { readonly configFile: string }) => {
  const mode = options.program.version.startsWith('3.')
    ? ['--agent']
    : ['--enable-feature=agent,expand-external-labels']
  return startWeb(options, {
    name: 'agent',
    readyPath: '/-/ready',
    args: [...mode, `--config.file=${configFile}`, `--storage.agent.path=${join(options.dataDir, 'unsent')}`],
  })
}
