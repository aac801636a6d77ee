import { images } from '../images.ts'
import { plainYaml } from '../yaml.ts'
import { composeFileOf, type Docker, lastLine } from './call.ts'
import { pinnedFileName } from './files.ts'
import { imagesOf, readConfig } from './project.ts'

type Digests = ReadonlyMap<string, string>

/** What an image of a release is today: `prom/prometheus:v3.14.0@sha256:...`, as the registry says that the engine reaches. */
const digestOf = async (docker: Docker, image: string) => {
  // Pulled, and not only asked for: what is pinned can be had.
  const pull = await docker(['pull', '--quiet', image])
  if (pull.code !== 0) {
    throw new Error(`could not pin ${image}: no registry gives it (${lastLine(pull.complaint)}). Nothing was written`)
  }
  const { output } = await docker(['image', 'inspect', '--format', '{{join .RepoDigests "\\n"}}', image])
  // The same image may have come by other names, from elsewhere.
  const repository = image.replace(/:[^:]*$/, '')
  const [, digest] =
    output
      .split('\n')
      .find((line) => line.startsWith(`${repository}@sha256:`))
      ?.split('@') ?? []
  if (digest === undefined) throw new Error(`could not pin ${image}: its registry tells no digest. Nothing was written`)
  return `${image}@${digest}`
}

/** The file that goes over the others: of each service its image, or those that it is built on, by digest. */
export const pinnedFile = async (docker: Docker, say: (line: string) => void, now: Date): Promise<string> => {
  const config = await readConfig(docker, ['*']).catch(({ message }: Error) => {
    throw new Error(`${message}. Nothing was written`)
  })
  const digests = new Map<string, string>()
  for (const image of imagesOf(config).filter((name) => !name.includes('@'))) {
    say(`Asking for ${image} ...`)
    digests.set(image, await digestOf(docker, image))
  }
  const head = `# Written by npm run pin on ${now.toISOString().slice(0, 10)}: what the registry gave for the tags of docker-compose.yml.\n`
  return `${head}${plainYaml({ services: pinnedServices(config, digests) })}`
}

const pinnedServices = ({ services }: Awaited<ReturnType<typeof readConfig>>, digests: Digests) => {
  const args = { NODE_IMAGE: digests.get(images.node), POSTGRES_IMAGE: digests.get(images.postgres) }
  const entries = Object.entries(services).flatMap<readonly [string, object]>(([name, { image = '', build }]) => {
    const pinned = digests.get(image)
    if (build) return [[name, { build: { args } }]]
    return pinned ? [[name, { image: pinned }]] : []
  })
  return Object.fromEntries(entries)
}

/**
 * What to say of the file once it is written, where these had to go over docker-compose.yml: with fewer, its services that
 * nobody else describes would be started by their image alone.
 */
export const howToUsePinned = (over: readonly string[], listOf = composeFileOf): string => {
  const files = listOf({ over, last: pinnedFileName })
  return `Written: ${pinnedFileName}. Say in .env that it counts, with the files that it was made of: COMPOSE_FILE=${files}`
}
