import { spawnSync } from 'node:child_process'

let able: boolean | undefined

/**
 * What to put before a server so that the kernel ends it when we are killed and cannot.
 * It belongs inside a change of user or namespace, which takes the promise away. Linux only: elsewhere, and without
 * util-linux, `leftovers.ts` ends at the next start what a killed parent left.
 */
export const leash = (signal: NodeJS.Signals): readonly string[] => {
  able ??= spawnSync('setpriv', ['--pdeathsig', 'TERM', 'true'], { stdio: 'ignore' }).status === 0
  return able ? ['setpriv', '--pdeathsig', signal.replace(/^SIG/, ''), '--'] : []
}
