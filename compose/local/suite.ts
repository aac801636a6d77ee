import { existsSync, readFileSync } from 'node:fs'

/** A value of /etc/os-release, such as `VERSION_CODENAME`. */
export const osRelease = (key: string) => {
  const text = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
  return text.match(new RegExp(`^${key}="?([^"\n]*)`, 'm'))?.[1]
}

/** The suite to take packages from where it is not the system's own: its programs need that suite's libc as well. */
export const foreignSuite = (suite: string | undefined) =>
  osRelease('ID') === 'debian' && osRelease('VERSION_CODENAME') === suite ? undefined : suite

/** The keys of every suite in use. Their name changes with the release. */
const keyrings = ['pgp', 'gpg'].map((ending) => `/usr/share/keyrings/debian-archive-keyring.${ending}`)

/** Undefined where the system is not Debian. */
export const debianKeyring = () => keyrings.find((path) => existsSync(path))

/**
 * A sources.list of another suite on the mirrors that apt is set to here; `uris` is what
 * `apt-get --print-uris update` prints. Which of them is Debian's is not asked: only that one is signed by Debian.
 */
export const sourcesOf = (suite: string, uris: string, keyring: string | undefined) => {
  if (keyring === undefined) {
    throw new Error(
      `could not trust packages of Debian ${suite}: this is not Debian, or lacks ${keyrings.join(' and ')}`,
    )
  }
  // A suite by its bare name: what is called bookworm-updates or -security here has no namesake in every other.
  const mirrors = [...uris.matchAll(/^'(\S+)\/dists\/[a-z]+\/InRelease'/gm)].map(([, mirror]) => mirror)
  if (mirrors.length === 0) throw new Error(`could not find a mirror of Debian ${suite} in apt's sources:\n${uris}`)
  return [...new Set(mirrors)].map((mirror) => `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`).join('')
}
