import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeSecret } from '../docker/secrets.ts'

const [user, passwordFile, keyFile] = ['mimir', 'minio/root_password', 'mimir/credentials'] as const

/** As the AWS SDK and those who follow it read keys from a file. */
const credentials = (password: string) => `[default]\naws_access_key_id = ${user}\naws_secret_access_key = ${password}`

const contentOf = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8').trimEnd() : undefined)

/**
 * Makes the password of the object storage the first time, and the file with Mimir's key what it has to be for that.
 * @returns the files it wrote
 */
export const preparePlace = (folder: string): readonly string[] => {
  const password = contentOf(join(folder, passwordFile)) ?? randomBytes(24).toString('base64url')
  const wanted = [
    [passwordFile, password],
    [keyFile, credentials(password)],
  ] as const
  const written = wanted.filter(([file, text]) => contentOf(join(folder, file)) !== text)
  for (const [file, text] of written) writeSecret(join(folder, file), text)
  return written.map(([file]) => file)
}
