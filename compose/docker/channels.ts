import { statSync } from 'node:fs'
import { join } from 'node:path'

/** The names of the files that alertmanager.yml has Alertmanager read in its container. */
export const secretsIn = (config: string): readonly string[] => [
  ...new Set([...config.matchAll(/\/run\/secrets\/([\w.-]+)/g)].map(([, name = '']) => name)),
]

interface Channels {
  /** The text of alertmanager.yml, which names the files. */
  readonly config: string
  /** The folder of the files, and what whoever starts the containers knows it as. */
  readonly folder: string
  readonly shown: string
}

const isThere = (file: string) => {
  try {
    return statSync(file).size > 0
  } catch (error) {
    // A folder that is Alertmanager's alone says nothing to us.
    return error instanceof Error && 'code' in error && error.code === 'EACCES'
  }
}

/**
 * Before anything starts that is to tell people, each file that it tells them with is there and holds something.
 * @throws Error with a line for each that is not
 */
export const assertChannels = ({ config, folder, shown }: Channels): void => {
  const missing = secretsIn(config).filter((name) => !isThere(join(folder, name)))
  if (missing.length === 0) return
  const lines = missing.map(
    (name) => `  ${join(shown, name)} is missing or empty: secrets/README.md says what belongs into it`,
  )
  throw new Error(`could not tell anybody of alerts:\n${lines.join('\n')}`)
}
