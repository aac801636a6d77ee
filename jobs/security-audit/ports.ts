import { type AllowedPort, notInContainers, type SecuritySettings } from '../../config/security.ts'
import { wordsOf } from '../../exporters/failure.ts'
import { unexpectedPorts } from '../../exporters/jobs/security.ts'
import { type Check, counted, type Finding, type Planned, type Seen, together } from './check.ts'
import { isLoopback } from './listening.ts'
import { openPorts } from './remote.ts'
import { type Held, listening } from './sockets.ts'

interface Options {
  /** Other machines, on which a few ports are tried. */
  readonly hosts: readonly string[]
  readonly settings: SecuritySettings['ports']
  /** Whether this is a container, which sees its own ports alone: none of them is looked at. */
  readonly inContainer?: boolean
  /** What listens on this machine. */
  readonly here?: () => Promise<readonly Held[]>
}

/** What may be reached from other machines, and is not meant to be. */
export const ports = ({ hosts, settings, inContainer = false, here }: Options): Planned => {
  if (inContainer && hosts.length === 0) return { name: 'ports', leftOut: notInContainers.ports }
  const { allowed, apartSeconds, tried } = settings
  const tryable = tried.filter((port) => !allowed.some((one) => one.protocol === 'tcp' && one.port === port))
  const look: Check['look'] = async ({ signal, progress }) => {
    const own = here ?? (() => listening(apartSeconds * 1_000, signal))
    const looks = [
      ...(inContainer ? [] : [['this machine', async () => ofHere(await own(), allowed)] as const]),
      ...hosts.map((host) => [host, () => ofHost(host, tryable, settings.seconds * 1_000, signal)] as const),
    ]
    const all: Seen[] = []
    for (const [name, work] of looks) {
      try {
        all.push(await work())
      } catch (cause) {
        signal.throwIfAborted()
        all.push({ findings: [], failures: [`${name}: ${wordsOf(cause)}`], notes: [], samples: [] })
      }
      progress()
    }
    const seen = together(all)
    const notes = [...seen.notes, ...(inContainer ? [notHere] : [])]
    return { ...seen, notes, samples: counted(unexpectedPorts, seen.findings.length, seen.failures) }
  }
  const words = allowed.map(({ protocol, port }) => `${port}/${protocol}`).join(', ')
  return {
    name: 'ports',
    subjects: [
      inContainer ? notHere : `what listens on this machine: ${words || 'nothing'} may be open to others`,
      ...hosts.map((host) => `${tryable.length} ports of ${host}, by connecting to each: ${tryable.join(', ')}`),
    ],
    look,
  }
}

const notHere = `not this machine: ${notInContainers.ports}`

const ofHere = (all: readonly Held[], allowed: readonly AllowedPort[]): Seen => {
  const open = all.filter(({ address }) => !isLoopback(address))
  const faults = open.flatMap((one) => {
    const fault = faultOf(one, allowed)
    return fault === undefined ? [] : [{ one, fault }]
  })
  // The same port of IPv4 and IPv6 is one thing to mend.
  const byPort = new Map(faults.map(({ one, fault }) => [`${one.protocol} ${one.port} ${one.program}`, { one, fault }]))
  return {
    findings: [...byPort.values()].map(({ one, fault }): Finding => {
      const where = faults
        .filter(
          ({ one: { protocol, port, program } }) =>
            protocol === one.protocol && port === one.port && program === one.program,
        )
        .map(({ one: { address } }) => address)
      return {
        what: `port ${one.port}/${one.protocol} is open on ${[...new Set(where)].join(' and ')}, held by ${holder(one)}: ${fault}`,
        remedy: 'bind it to 127.0.0.1, shut it in the firewall, or allow it in config/security.ts with the reason',
      }
    }),
    failures: [],
    notes: [
      `this machine: ${all.length} sockets, ${all.length - open.length} of them on loopback alone, and ${open.length - faults.length} that may be open`,
      ...(open.some(({ program }) => program === undefined)
        ? ['which program holds a port is told of the own processes alone, and of all to root']
        : []),
    ],
    samples: [],
  }
}

const holder = ({ program, uid }: Held) => program ?? `a program of user ${uid}`

const faultOf = ({ protocol, port, program }: Held, allowed: readonly AllowedPort[]) => {
  const rules = allowed.filter((one) => one.protocol === protocol && one.port === port)
  if (rules.length === 0) return 'nobody allows it'
  const programs = rules.map((one) => one.program)
  if (program === undefined || programs.includes(undefined) || programs.includes(program)) return undefined
  return `it is allowed to ${programs.join(' or ')}`
}

const ofHost = async (host: string, tried: readonly number[], patience: number, signal: AbortSignal): Promise<Seen> => {
  const open = await openPorts(host, { ports: tried, patience, signal })
  return {
    findings: open.map((port) => ({
      what: `port ${port}/tcp of ${host} can be reached from here, and nobody allows it`,
      remedy: 'shut it in the firewall, or leave it out of what is tried, in config/security.ts',
    })),
    failures: [],
    notes: [`${host}: ${tried.length} ports were tried, ${open.length} are open`],
    samples: [],
  }
}
