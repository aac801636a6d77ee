import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../../integration/servers.ts'
import type { Fault } from './fault.ts'
import type { Stand } from './stand.ts'
import { type Manner, manners } from './wire.ts'

const target = 'redis/faulty'

/** Who was let in stays so: what is to be refused has to come anew. */
const dismiss = ({ redis }: Stand) => redis.ask('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')

const killed: Fault = {
  name: '`kill -9` of the server, which then loads its data: it answers `-LOADING` to most commands',
  target,
  up: 1,
  mute: true,
  begin: async ({ redis, exporter }) => {
    // It looks up from loading once in 2 MiB of the file.
    await redis.ask('CONFIG', 'SET', 'rdbcompression', 'no')
    await redis.ask('DEBUG', 'POPULATE', '30000', 'loaded', '1000')
    await redis.ask('SAVE')
    await redis.kill()
    const started = redis.start()
    await eventually(
      () => exporter.scrape(target),
      ({ body }) => /^redis_loading_dump_file 1$/m.test(body),
      { every: 10 },
    )
    const end = async () => {
      await started
      await redis.ask('FLUSHALL')
      rmSync(join(redis.dataDir, 'dump.rdb'), { force: existsSync(redis.dataDir) })
    }
    return { end }
  },
}

const noauth: Fault = {
  name: '`-NOAUTH`: a password is asked for that we do not have',
  target,
  up: 0,
  begin: async (stand) => {
    await stand.redis.ask('CONFIG', 'SET', 'requirepass', 'another')
    await dismiss(stand)
    return { end: () => stand.redis.ask('CONFIG', 'SET', 'requirepass', '') }
  },
}

const oom: Fault = {
  name: '`-OOM`: `maxmemory` is reached and nothing may be evicted',
  target,
  up: 1,
  begin: async ({ redis }) => {
    await redis.ask('CONFIG', 'SET', 'maxmemory', '1')
    const refusal = await redis.ask('SET', 'key', 'value').catch(String)
    if (!String(refusal).includes('OOM')) throw new Error(`the server took more than it has: ${refusal}`)
    return { end: () => redis.ask('CONFIG', 'SET', 'maxmemory', '0') }
  },
}

const hangs: Fault = {
  name: '`SIGSTOP` of the server',
  target,
  up: 0,
  mute: true,
  scrapes: 4,
  begin: async ({ redis }) => {
    redis.signal('SIGSTOP')
    return { end: async () => redis.signal('SIGCONT') }
  },
}

const crowded: Fault = {
  name: 'out of connections: `maxclients` is reached',
  target,
  up: 0,
  begin: async (stand) => {
    await dismiss(stand)
    await stand.redis.ask('CONFIG', 'SET', 'maxclients', '1')
    return { end: () => stand.redis.ask('CONFIG', 'SET', 'maxclients', '1000') }
  },
}

export const redisFaults: readonly Fault[] = [killed, noauth, oom, hangs, crowded]

const words: Readonly<Record<Exclude<Manner, 'pass'>, string>> = {
  garbage: 'garbage',
  half: 'half of an answer',
  trickle: 'ten bytes of its answer a second',
  flood: 'an answer without end, as fast as we take it',
  silence: 'nothing any more',
  'hang-up': 'a hang-up to every question',
}

const garbled = (kind: 'postgres' | 'redis', manner: Exclude<Manner, 'pass'>): Fault => ({
  name: `${kind === 'postgres' ? 'PostgreSQL' : 'Redis'} sends ${words[manner]}`,
  target: `${kind}/garbled`,
  // The half that came may hold an answer.
  ...(manner !== 'half' && { up: 0 }),
  ...(manner === 'flood' && { logged: new RegExp(`${kind}/garbled: connection failed: what answers sent more than`) }),
  begin: async ({ wires }) => {
    wires[kind].become(manner)
    return { end: async () => wires[kind].become('pass') }
  },
})

/** On the way between us and a server that is well. */
export const wireFaults: readonly Fault[] = (['postgres', 'redis'] as const).flatMap((kind) =>
  manners.flatMap((manner) => (manner === 'pass' ? [] : [garbled(kind, manner)])),
)
