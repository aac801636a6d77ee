import { randomBytes } from 'node:crypto'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { redisWritesRefused } from '../../../../alerts/redis/availability.ts'
import {
  redisAofRewriteFailed,
  redisAofWriteFailed,
  redisDiskSlow,
  redisSaveFailed,
  redisSaveStale,
} from '../../../../alerts/redis/persistence.ts'
import { type Running, startProcess } from '../../../../compose/local/process.ts'
import { ensurePrograms } from '../../../../compose/local/programs.ts'
import { startRedis } from '../../../../compose/local/servers.ts'
import { clientOf, infoOf } from '../../../integration/redis-stand.ts'
import { eventually, freePort, type workshop } from '../../../integration/servers.ts'
import { again } from '../again.ts'
import { limitFiles } from '../limit-files.ts'
import type { Adjustment, Expected, Provocation } from '../provocation.ts'
import { on, type Part } from './part.ts'

type Client = ReturnType<typeof clientOf>

/** Bytes that a file may have on the full disk. */
const room = 512 * 1024

const refused: Expected = { alert: redisWritesRefused, labels: { instance: 'saved', err: 'MISCONF' } }

const fullDisk = (client: Client, pid: number): Provocation => {
  let number = 0
  // Noise, as it would be compressed otherwise; more of it than the limit is there from the start.
  const put = () => client.set(`page:${number++ % 20}`, randomBytes(64 * 1024))
  const writing = again(50, put, { mayFail: true })
  const state = (field: string, wanted: string) =>
    eventually(
      async () => (await infoOf(client))[field],
      (found) => found === wanted,
    )
  const both = async (wanted: 'ok' | 'err') => {
    await client.bgsave()
    await state('rdb_last_bgsave_status', wanted)
    await client.bgrewriteaof()
    await state('aof_last_bgrewrite_status', wanted)
  }
  return {
    fault: 'the disk is full: a save, a rewrite of the append-only file and each write to it fail',
    fires: [...on('saved', redisSaveFailed, redisAofRewriteFailed, redisAofWriteFailed), refused],
    bring: async () => {
      for (let written = 0; written < 20; written += 1) await put()
      await limitFiles(pid, String(room))
      await both('err')
      await writing.begin()
    },
    end: async () => {
      await limitFiles(pid, 'unlimited')
      await writing.end()
      await both('ok')
    },
  }
}

/** Microseconds that each flush to the disk takes longer, by `strace`: whoever may trace a process can make a disk slow. */
const longer = 5_000_000

const slowDisk = (client: Client, pid: number, shop: ReturnType<typeof workshop>): Provocation => {
  let slowing: Running | undefined
  const writing = again(100, () => client.incr('orders'), { mayFail: true })
  return {
    fault: 'a disk takes five seconds to flush',
    fires: on('saved', redisDiskSlow),
    bring: async () => {
      slowing = shop.keep(
        await startProcess({
          name: 'strace',
          home: join(shop.folder, 'strace'),
          command: 'strace',
          args: [
            ...['-f', '-p', String(pid), '-o', '/dev/null'],
            ...['-e', 'trace=fdatasync,fsync', '-e', `inject=fdatasync,fsync:delay_enter=${longer}`],
          ],
          ready: /attached/,
        }),
      )
      await writing.begin()
    },
    end: async () => {
      await writing.end()
      await slowing?.stop()
    },
  }
}

/** A write at the limit fails instead of ending the server. */
const lenient = async (shop: ReturnType<typeof workshop>) => {
  const program = (await ensurePrograms(['redis-server']))['redis-server']
  const path = join(shop.folder, 'redis-server')
  writeFileSync(path, `#!/bin/sh\ntrap '' XFSZ\nexec '${program.path}' "$@"\n`)
  chmodSync(path, 0o755)
  return { ...program, path }
}

/** A server that keeps what it is told. */
export const openSaved = async (shop: ReturnType<typeof workshop>): Promise<Part> => {
  const { url, pid } = shop.keep(
    await startRedis({
      program: await lenient(shop),
      dataDir: join(shop.folder, 'saved'),
      port: await freePort(),
      settings: {
        appendonly: 'yes',
        save: ['3600', '1000000'],
        rdbcompression: 'no',
        'stop-writes-on-bgsave-error': 'no',
      },
    }),
  )
  const client = clientOf(url)
  return {
    urls: { saved: url },
    lanes: () => [
      [
        {
          fault: 'a change is too few for any rule of when to save',
          fires: on('saved', redisSaveStale),
          bring: () => client.set('order', 'soup'),
          end: () => client.bgsave(),
        },
        fullDisk(client, pid),
        slowDisk(client, pid, shop),
      ],
    ],
    end: async () => client.disconnect(),
  }
}

export const persistenceAdjusted: readonly Adjustment[] = [
  {
    alert: redisSaveStale,
    numbers: { '> 86400': '> 20' },
    why: 'a day would be 24 minutes even where it is sixty times faster',
  },
  { alert: redisDiskSlow, threshold: '2', why: 'each takes two seconds, which do not pass faster' },
]
