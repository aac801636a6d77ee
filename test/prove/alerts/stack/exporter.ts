import { join } from 'node:path'
import {
  collectorFailing,
  collectorUnreliable,
  exporterMemoryHigh,
  surveyStale,
} from '../../../../alerts/stack/exporter.ts'
import { startProcess } from '../../../../compose/local/process.ts'
import { type Connection, connect } from '../../../../demo/database.ts'
import { bundleOurs } from '../../../bench/contestants.ts'
import { freePort, type workshop } from '../../../integration/servers.ts'
import type { Watched } from '../../faults/exporter.ts'
import { again } from '../again.ts'
import type { Adjustment, Provocation } from '../provocation.ts'
import { type Restartable, restartable } from './restartable.ts'

type Shop = ReturnType<typeof workshop>

export const exporterAdjusted: readonly Adjustment[] = [
  {
    alert: exporterMemoryHigh,
    threshold: '130 MiB',
    why: 'half a gibibyte would be some 500,000 series, which take a database for tests minutes to make',
  },
]

/** Our exporter as it runs in production, which can be ended and started again. */
export const exporterOf = async (shop: Shop, name: string, watched: Readonly<Record<string, Watched>>) => {
  const [port, program] = [await freePort(), await bundleOurs(new URL('../../faults/exporter.ts', import.meta.url))]
  const origin = `http://127.0.0.1:${port}`
  const launch = () =>
    startProcess({
      name,
      home: join(shop.folder, name),
      command: process.execPath,
      args: [program, JSON.stringify(watched)],
      env: { NODE_ENV: 'production', NODE_OPTIONS: '', EXPORTER_PORT: String(port) },
      ready: async () => (await fetch(`${origin}/health`)).ok,
    })
  return { ...(await restartable(shop, launch)), origin }
}

/** A login of its own, whose right to read statistics is taken away. */
export const revokedLogin = { name: 'revoked', password: 'a-password-of-a-login' }

export const makeLogin = ({ run }: Connection) =>
  run(`
    create extension if not exists pg_stat_statements;
    create role ${revokedLogin.name} login password '${revokedLogin.password}';
    grant pg_monitor to ${revokedLogin.name}`)

export const collectorFaults = (instance: string, { run }: Connection): readonly Provocation[] => {
  const labels = { instance, collector: 'statements' }
  const revoke = () => run(`revoke pg_monitor from ${revokedLogin.name}`)
  const grant = () => run(`grant pg_monitor to ${revokedLogin.name}`)
  let granted = true
  const flap = again(2_500, async () => {
    granted = !granted
    await (granted ? grant() : revoke())
  })
  return [
    {
      fault: 'the right to read statistics is taken away and granted, again and again',
      fires: [{ alert: collectorUnreliable, labels }],
      bring: flap.begin,
      end: async () => {
        await flap.end()
        await grant()
      },
    },
    {
      fault: 'the right to read statistics is taken away',
      fires: [{ alert: collectorFailing, labels }],
      bring: revoke,
      end: grant,
    },
  ]
}

/** @param connection one that is there before any new one hangs */
export const surveyFaults = (instance: string, { run }: Connection): readonly Provocation[] => {
  const delayed = async (seconds: number) => {
    await run(`alter system set post_auth_delay = ${seconds}`)
    await run('select pg_reload_conf()')
  }
  return [
    {
      fault: 'a server on which every new connection hangs for 28 s (post_auth_delay)',
      fires: [{ alert: surveyStale, labels: { instance, survey: 'sizes' } }],
      bring: () => delayed(28),
      end: () => delayed(0),
    },
  ]
}

/** How many tables a database has that is large for an exporter. */
const tables = 3_000

const makeTables = async ({ run }: Connection) => {
  await run(`
    do $$ begin
      for place in 1..${tables} loop
        execute format('create table crowd_%s (id int primary key, place int unique)', place);
        if place % 100 = 0 then commit; end if;
      end loop;
    end $$`)
}

/** An exporter that is asked for all of a large database, without a limit to what it shows one by one. */
export const memoryFaults = (
  instance: string,
  { kill, start, origin }: Restartable & { readonly origin: string },
  crowdUrl: string,
): readonly Provocation[] => {
  const asking = again(1_000, async () => (await fetch(`${origin}/metrics/postgres/crowd`)).text(), { mayFail: true })
  return [
    {
      fault: 'an exporter is to show each of 3,000 tables by itself',
      fires: [{ alert: exporterMemoryHigh, labels: { instance } }],
      bring: async () => {
        const admin = await connect(crowdUrl)
        await makeTables(admin)
        await admin.close()
        await asking.begin()
      },
      end: async () => {
        await asking.end()
        await kill()
        await start()
      },
    },
  ]
}
