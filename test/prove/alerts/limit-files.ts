import { run } from '../../../compose/local/run.ts'

/** For a process and those it forks. At the limit on the size of a file a write fails as on a full disk, and needs no rights. */
export const limitFiles = async (pid: number, bytes: string) => {
  const { code, output } = await run(['prlimit', '--pid', String(pid), `--fsize=${bytes}:`])
  if (code !== 0) throw new Error(`prlimit: ${output}`)
}
