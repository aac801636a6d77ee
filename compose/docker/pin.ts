import { type ImageName, images } from '../images.ts'
import { plainYaml } from '../yaml.ts'
import { type Docker, lastLine } from './call.ts'

/** The argument of compose/Dockerfile for an image that ours are built on. */
export const buildArguments: Readonly<Partial<Record<ImageName, string>>> = {
  node: 'NODE_IMAGE',
  postgres: 'POSTGRES_IMAGE',
}

type Digests = ReadonlyMap<string, string>

/** What an image of a release is today: `prom/prometheus:v3.14.0@sha256:...`, as the registry says that the engine reaches. */
export const readDigests = async (docker: Docker, say: (line: string) => void): Promise<Digests> => {
  const found = new Map<string, string>()
  for (const image of Object.values(images)) {
    say(`Asking for ${image} ...`)
    found.set(image, await digestOf(docker, image))
  }
  return found
}

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

interface Config {
  readonly services: Readonly<Record<string, { readonly image?: string; readonly build?: object }>>
}

/** By service what is pinned of it: its image, or those that it is built on. */
const pinnedServices = ({ services }: Config, digests: Digests) => {
  const args = Object.fromEntries(
    Object.entries(images).flatMap(([name, image]) => {
      const variable = new Map(Object.entries(buildArguments)).get(name)
      return variable === undefined ? [] : [[variable, digests.get(image)]]
    }),
  )
  const entries = Object.entries(services).flatMap<readonly [string, object]>(([name, { image = '', build }]) => {
    const pinned = digests.get(image)
    if (build) return [[name, { build: { args } }]]
    return pinned ? [[name, { image: pinned }]] : []
  })
  return Object.fromEntries(entries)
}

/** The file that goes over docker-compose.yml. */
export const pinnedFile = async (docker: Docker, digests: Digests, now: Date): Promise<string> => {
  const { code, output, complaint } = await docker(['compose', '--profile', '*', 'config', '--format', 'json'])
  if (code !== 0) throw new Error(`could not read docker-compose.yml: ${lastLine(complaint)}. Nothing was written`)
  const config: Config = JSON.parse(output)
  const head = `# Written by npm run pin on ${now.toISOString().slice(0, 10)}: what the registry gave for the tags of docker-compose.yml.\n`
  return `${head}${plainYaml({ services: pinnedServices(config, digests) })}`
}
