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

/** Every combination is one that compose takes. */
export const configurations = async (stand: Stand): Promise<string> => {
  const read = await Promise.all(
    combinations.flatMap(({ files, profiles }) =>
      profiles.map(async (profile) => {
        const there = standWith(stand, { COMPOSE_FILE: files.join(':'), COMPOSE_PROFILES: profile })
        const services = (await there.compose('config', '--services')).split('\n')
        return `${files.join(' and ')}${profile && ` with the profile ${profile}`}: ${services.length} services`
      }),
    ),
  )
  return read.join('; ')
}
