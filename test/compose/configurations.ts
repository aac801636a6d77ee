import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Docker } from '../../compose/docker/call.ts'
import { pinnedFileName } from '../../compose/docker/files.ts'
import { pinnedFile } from '../../compose/docker/pin.ts'
import { type Stand, standWith } from './stand.ts'

/** Files that go together, and the profiles that they have. */
const combinations = [
  { files: ['docker-compose.yml'], profiles: [''] },
  { files: ['docker-compose.yml', 'docker-compose.targets.yml'], profiles: ['', 'demo'] },
  { files: ['docker-compose.yml', 'docker-compose.mimir.yml'], profiles: [''] },
  {
    files: [
      'docker-compose.yml',
      'docker-compose.targets.yml',
      'docker-compose.mimir.yml',
      'docker-compose.mimir-targets.yml',
    ],
    profiles: ['', 'demo'],
  },
] as const

const digest = `sha256:${'0'.repeat(64)}`

/** Compose itself, and a registry that gives every image and knows one digest. */
const registry = ({ attempt }: Stand): Docker => {
  const given = { code: 0, output: '', complaint: '' }
  return async (args) => {
    if (args[0] === 'compose') return attempt(args)
    return args[0] === 'pull' ? given : { ...given, output: `${args.at(-1)?.replace(/:[^:]*$/, '')}@${digest}` }
  }
}

/** What `npm run pin` would write for the last combination, which has every service, is one more file over the others. */
const pinned = async (stand: Stand, folder: string): Promise<string> => {
  const files = combinations.at(-1)?.files.join(':') ?? ''
  const there = standWith(stand, { COMPOSE_FILE: files })
  const file = join(folder, pinnedFileName)
  writeFileSync(file, await pinnedFile(registry(there), () => undefined, new Date()))
  const over = standWith(stand, { COMPOSE_FILE: `${files}:${file}`, COMPOSE_PROFILES: 'demo' })
  const images = [...new Set((await over.compose('config', '--images')).split('\n'))]
  const named = images.filter((image) => !image.startsWith(`${stand.name}-`))
  const loose = named.filter((image) => !image.endsWith(`@${digest}`))
  if (named.length === 0 || loose.length > 0) throw new Error(`not pinned: ${loose.join(', ') || 'any image'}`)
  return `with ${pinnedFileName} over all of them: ${named.length} images by digest`
}

/** Every combination is one that compose takes. */
export const configurations = async (stand: Stand, folder: string): Promise<string> => {
  const read = await Promise.all(
    combinations.flatMap(({ files, profiles }) =>
      profiles.map(async (profile) => {
        const there = standWith(stand, { COMPOSE_FILE: files.join(':'), COMPOSE_PROFILES: profile })
        const services = (await there.compose('config', '--services')).split('\n')
        return `${files.join(' and ')}${profile && ` with the profile ${profile}`}: ${services.length} services`
      }),
    ),
  )
  return [...read, await pinned(stand, folder)].join('; ')
}
