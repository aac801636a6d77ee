import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile, syncFolder } from '../../exporters/replace-file.ts'

/**
 * Whether the API has to be restarted behind what was installed of the system. It stands from before the installation until
 * the API is healthy with it: a run that is killed in between leaves nothing to install, and an API that uses the old.
 * @param own the job's own folder
 */
export const restartDue = (own: string) => {
  const file = join(own, 'restart-due')
  return {
    isNoted: () => existsSync(file),
    note: async () => {
      await replaceFile(file, '')
      await syncFolder(file)
    },
    forget: () => rm(file, { force: true }),
  }
}
