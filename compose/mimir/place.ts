import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeSecret } from '../docker/secrets.ts'

const [user, passwordFile, keyFile] = ['mimir', 'minio/root_password', 'mimir/credentials'] as const

/** As the AWS SDK and those who follow it read keys from a file. */
const credentials = (password: string) => `[default]\naws_access_key_id = ${user}\naws_secret_access_key = ${password}`

/**
 * Makes the password of the object storage the first time, and mends the file with Mimir's key.
 * @param agent the configuration of the agents
 * @returns the files it wrote
 * @throws Error where agents scrape nothing: Mimir would tell that everything is gone
 */
export const preparePlace = (folder: string, agent: string): readonly string[] => {
  if (/^scrape_configs: \[\]$/m.test(agent)) {
    throw new Error(
      'nothing is stored by remote write: give something in config/targets.ts the storage remote-write and type npm run generate, ' +
        'or start without docker-compose.mimir.yml',
    )
  }
  const password = existsSync(join(folder, passwordFile))
    ? readFileSync(join(folder, passwordFile), 'utf8').trimEnd()
    : randomBytes(24).toString('base64url')
  const wanted = [
    [passwordFile, password],
    [keyFile, credentials(password)],
  ] as const
  const written = wanted.filter(([file]) => !existsSync(join(folder, file)))
  for (const [file, text] of written) writeSecret(join(folder, file), text)
  return written.map(([file]) => file)
}
