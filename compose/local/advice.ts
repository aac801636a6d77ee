import type { Source } from './program-table.ts'
import { findProgram, pathFolders } from './run.ts'

const redisLines: Readonly<Record<string, string>> = {
  dnf: 'sudo dnf install redis',
  pacman: 'sudo pacman -S valkey',
  zypper: 'sudo zypper install redis',
  apk: 'sudo apk add redis',
}

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

const releaseLine = (release: string, own: string) => {
  const [name, version] = release.split(' ')
  const file = `${name}-${version}.${process.platform}-${architectures[process.arch] ?? process.arch}.tar.gz`
  const url = `https://github.com/prometheus/${name}/releases/download/v${version}/${file}`
  return `mkdir -p ${own} && curl -fsSL ${url} | tar -xz --strip-components=1 -C ${own}`
}

const has = (program: string) => findProgram([program], pathFolders()) !== undefined

/** Debian's line would start services on the ports we want, so it is the answer only when fetching them failed. */
export const debianLine = (packages: readonly string[]) =>
  `sudo apt-get install --no-install-recommends ${packages.join(' ')}`

/** The lines to type where we can't fetch: brew first, Prometheus' own releases for what it has not. */
export const installLines = (sources: readonly Source[], own: string): readonly string[] => {
  const isBrewed = ({ brew }: Source) => brew !== undefined && (process.platform === 'darwin' || has('brew'))
  const formulas = [...new Set(sources.filter(isBrewed).map(({ brew }) => brew))]
  const rest = sources.filter((source) => !isBrewed(source))
  const releases = [...new Set(rest.flatMap(({ release }) => release ?? []))]
  const others = rest.filter(({ release }) => release === undefined)
  const manager = Object.keys(redisLines).find(has)
  return [
    ...(formulas.length > 0 ? [`brew install ${formulas.join(' ')}`] : []),
    ...releases.map((release) => releaseLine(release, own)),
    ...others.flatMap(({ binaries, packages }) => {
      const line = packages.some((name) => name.startsWith('redis')) && manager && redisLines[manager]
      return line || `install ${binaries[0]} so that it is on PATH`
    }),
  ]
}
