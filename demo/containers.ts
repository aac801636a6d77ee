import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The checkout, where compose finds its file. */
const root = fileURLToPath(new URL('..', import.meta.url))

/** Calls docker compose, out of reach of the terminal's Ctrl-C: what undoes a fault has to come to its end. */
export const compose = (args: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = { cwd: root, detached: true } as const
    execFile('docker', ['compose', ...args], options, (failure, output, complaint) => {
      if (!failure) return resolve(output.trim())
      reject(new Error(`docker compose ${args.join(' ')} failed: ${complaint.trim() || failure.message}`))
    })
  })

/** Whether this checkout runs that service in a container. Without docker it does not. */
export const isInContainer = async (service: string): Promise<boolean> =>
  (await compose(['ps', '--status', 'running', '--quiet', service]).catch(() => '')) !== ''
