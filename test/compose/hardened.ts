import type { Stand } from './stand.ts'

/** What of a container the engine tells. */
interface Inspected {
  readonly Name: string
  readonly Config: {
    readonly User: string
    readonly Env: readonly string[]
    readonly Labels: Readonly<Record<string, string>>
  }
  readonly State: { readonly Running: boolean }
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean
    readonly CapDrop: readonly string[] | null
    readonly SecurityOpt: readonly string[] | null
    readonly Privileged: boolean
    readonly Memory: number
    readonly PidsLimit: number | null
    readonly LogConfig: { readonly Config: Readonly<Record<string, string>> }
    readonly PortBindings: Readonly<Record<string, readonly { readonly HostIp: string }[] | null>> | null
  }
}

export const inspected = async ({ docker, compose }: Stand): Promise<readonly Inspected[]> => {
  const ids = (await compose('ps', '--all', '--quiet')).split('\n')
  return JSON.parse(await docker('inspect', ...ids))
}

const serviceOf = ({ Config }: Inspected) => Config.Labels['com.docker.compose.service'] ?? ''

/** What compose wrote has come to pass: as the engine has it. */
const faultsOf = (one: Inspected): readonly string[] => {
  const { ReadonlyRootfs, CapDrop, SecurityOpt, Privileged, Memory, PidsLimit, LogConfig, PortBindings } =
    one.HostConfig
  const bindings = Object.values(PortBindings ?? {}).flatMap((all) => all ?? [])
  const facts = {
    'runs as root': /^(root|0)?(:|$)/.test(one.Config.User),
    'may write to its root': !ReadonlyRootfs,
    'keeps capabilities': CapDrop?.join() !== 'ALL' || Privileged,
    'may get privileges': !SecurityOpt?.join().startsWith('no-new-privileges'),
    'has no limit of memory': Memory <= 0,
    'has no limit of processes': (PidsLimit ?? 0) <= 0,
    'keeps all of its log': !LogConfig.Config['max-size'],
    'is reached from elsewhere': bindings.some(({ HostIp }) => HostIp !== '127.0.0.1'),
  }
  return Object.entries(facts).flatMap(([fault, is]) => (is ? [`${serviceOf(one)} ${fault}`] : []))
}

/** As the kernel has it: seen from inside, by its first process. */
const seenInside = async ({ within, attempt }: Stand, service: string): Promise<readonly string[]> => {
  const status = await within(service, 'cat /proc/1/status')
  const value = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1]
  const { code, output, complaint } = await attempt([
    'compose',
    'exec',
    '--no-TTY',
    service,
    'sh',
    '-c',
    ': > /planted',
  ])
  const refused = code !== 0 && /Read-only file system/i.test(`${output}${complaint}`)
  return [
    ...(value('Uid') === '0' ? [`${service} runs as root`] : []),
    ...(/^0+$/.test(value('CapEff') ?? '') && /^0+$/.test(value('CapBnd') ?? '')
      ? []
      : [`${service} has capabilities`]),
    ...(value('NoNewPrivs') === '1' ? [] : [`${service} may get privileges`]),
    ...(refused ? [] : [`${service} wrote a file to its root, or could not be asked to: ${complaint}`]),
  ]
}

export const hardened = async (stand: Stand): Promise<string> => {
  const all = await inspected(stand)
  const running = all.filter(({ State }) => State.Running).map(serviceOf)
  const inside = await Promise.all(running.map((service) => seenInside(stand, service)))
  const faults = [...all.flatMap(faultsOf), ...inside.flat()]
  if (faults.length > 0) throw new Error(faults.join('; '))
  return `${all.length} containers as the engine has them, ${running.length} seen from inside: no root, no capability, no new privilege, nothing written`
}

const bytes = (text: string) => {
  const [, number = '0', unit = ''] = /([\d.]+)\s*([KMG]?)i?B/.exec(text) ?? []
  return Number(number) * 1_024 ** ' KMG'.indexOf(unit || ' ')
}

/** What each uses of its limits. They are for what runs wild, so nobody comes near. */
export const usage = async ({ docker, compose }: Stand): Promise<string> => {
  const ids = (await compose('ps', '--quiet')).split('\n')
  const lines = (await docker('stats', '--no-stream', '--format', '{{.Name}}\t{{.MemUsage}}\t{{.PIDs}}', ...ids)).split(
    '\n',
  )
  const used = lines.map((line) => {
    const [name = '', memory = '', pids = ''] = line.split('\t')
    const [now = '', limit = ''] = memory.split('/')
    return {
      name: name.replace(/^.*?-boot-?\d*-|-\d+$/g, ''),
      now: bytes(now),
      limit: bytes(limit),
      pids: Number(pids),
    }
  })
  const near = used.filter(({ now, limit }) => now * 3 > limit)
  if (near.length > 0)
    throw new Error(`${near.map(({ name }) => name).join(', ')} use more than a third of their memory`)
  const mib = (size: number) => Math.round(size / 1_024 ** 2)
  return used
    .map(({ name, now, limit, pids }) => `${name} ${mib(now)} of ${mib(limit)} MiB, ${pids} processes`)
    .join('; ')
}
