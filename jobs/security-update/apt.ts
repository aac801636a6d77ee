/** A package of the system that a newer version waits for. */
export interface Upgrade {
  readonly name: string
  /** What is installed; undefined where the newer version brings the package anew. */
  readonly installed: string | undefined
  readonly candidate: string
  /** Whether a suite of security updates has the newer version. */
  readonly security: boolean
}

// Inst libssl3 [3.0.19-1~deb12u2] (3.0.22-1~deb12u2 Debian-Security:12/oldstable-security [amd64]) []
const inst = /^Inst (?<name>\S+)(?: \[(?<installed>[^\]]*)\])? \((?<candidate>\S+) (?<origins>.*?)(?: \[[^\]]*\])?\)/
/** Debian's suites, Ubuntu's and those of its extended maintenance; the second as Debian called it until 10. */
const ofSecurity = /-security$|^Debian-Security:/

/**
 * What `apt-get -s dist-upgrade` says it would install, in its own words of `LC_ALL=C`.
 * @throws Error where that is no simulation of apt
 */
export const readSimulation = (text: string): readonly Upgrade[] => {
  if (!text.includes('Calculating upgrade') && !/^\d+ upgraded, /m.test(text)) {
    throw new Error('what apt-get said is no simulation of an upgrade')
  }
  return text.split('\n').flatMap((line) => {
    const { name, installed, candidate, origins } = inst.exec(line)?.groups ?? {}
    if (name === undefined || candidate === undefined) return []
    const security = (origins ?? '').split(', ').some((origin) => ofSecurity.test(origin))
    return [{ name, installed, candidate, security }]
  })
}

/** A version of a package that some suite has. */
export interface Available {
  readonly name: string
  readonly version: string
  readonly security: boolean
}

/** `apt-cache madison`: ` libssl3 | 3.0.22-1~deb12u2 | http://deb.debian.org/debian-security bookworm-security/main amd64 Packages` */
export const readMadison = (text: string): readonly Available[] =>
  text.split('\n').flatMap((line) => {
    const [name, version, from] = line.split('|').map((part) => part.trim())
    if (!name || !version || from === undefined) return []
    const [, suite = ''] = from.split(' ')
    return [{ name, version, security: /-security\/|\/updates\//.test(suite) }]
  })
