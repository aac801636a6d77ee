import { execFile } from 'node:child_process'
import type { Answer, Docker } from '../../compose/docker/call.ts'

interface Place {
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}

/** Docker of one environment, in one folder. */
export interface Client {
  /** A failure is an answer. */
  readonly attempt: Docker
  /** Its output. Throws where it fails, with the end of what it said. */
  docker(...args: readonly string[]): Promise<string>
}

const largestOutput = 256 * 1024 ** 2
const shown = 2_000

export const clientOf = ({ env, cwd }: Place): Client => {
  const attempt: Docker = (args) =>
    new Promise<Answer>((resolve) => {
      const options = { cwd, env: { ...process.env, ...env }, maxBuffer: largestOutput }
      const child = execFile('docker', [...args], options, (error, stdout, stderr) => {
        const complaint = [stderr.trim(), child.exitCode === null ? (error?.message ?? '') : ''].filter(Boolean)
        resolve({ code: child.exitCode, output: stdout.trim(), complaint: complaint.join('\n') })
      })
    })
  return {
    attempt,
    docker: async (...args) => {
      const { code, output, complaint } = await attempt(args)
      if (code === 0) return output
      throw new Error(
        `docker ${args.join(' ')} ended with code ${code}: ${`${output}\n${complaint}`.trim().slice(-shown)}`,
      )
    },
  }
}
