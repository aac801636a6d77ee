import { join } from 'node:path'
import {
  acknowledgementsUnseen,
  incidentDeliveriesFailing,
  incidentDeliveriesRefused,
  incidentsNotKept,
} from '../../../../alerts/stack/incidents.ts'
import { startProcess } from '../../../../compose/local/process.ts'
import { bundleOurs } from '../../../bench/contestants.ts'
import { freePort, type workshop } from '../../../integration/servers.ts'
import { faultyPostgres } from '../../faults/servers.ts'
import type { Recording } from '../../ladder/recorder-process.ts'
import { again } from '../again.ts'
import type { Provocation } from '../provocation.ts'
import { secondAlertmanager } from './second.ts'

type Shop = ReturnType<typeof workshop>

const instance = 'incidents'
const day = 86_400_000

/** Our recorder in a process of its own, that asks Alertmanager every second. */
const recorderIn = async (shop: Shop, given: Pick<Recording, 'port' | 'alertmanagerUrl' | 'database'>) => {
  const recording: Recording = {
    ...given,
    folder: join(shop.folder, 'incidents'),
    responseTimes: { low: day },
    pollMs: 1_000,
    settleMs: 3_000,
    staleMs: 5_000,
  }
  const url = `http://127.0.0.1:${given.port}`
  shop.keep(
    await startProcess({
      name: 'the recorder',
      home: join(shop.folder, 'recorder'),
      command: process.execPath,
      args: [await bundleOurs(new URL('../../ladder/recorder-process.ts', import.meta.url)), JSON.stringify(recording)],
      env: { NODE_ENV: 'production', NODE_OPTIONS: '' },
      ready: async () => (await fetch(`${url}/health`)).ok,
    }),
  )
  return url
}

/** A recorder with a database and an Alertmanager of its own, which has something new to tell all the time. */
export const openRecorder = async (shop: Shop) => {
  const port = await freePort()
  const config = {
    route: { receiver: 'recorder', group_by: ['...'], group_wait: '0s', group_interval: '1s' },
    receivers: [{ name: 'recorder', webhook_configs: [{ url: `http://127.0.0.1:${port}/alertmanager` }] }],
  }
  const alertmanager = await secondAlertmanager(shop, 'alertmanager-of-recorder', config)
  const database = await faultyPostgres(shop.folder, 'ledger', {})
  const url = await recorderIn(shop, { port, alertmanagerUrl: alertmanager.url, database: database.url })
  let told = 0
  const news = again(
    2_000,
    async () => {
      told += 1
      const labels = { alertname: 'Trial', severity: 'low', owner: 'platform', number: String(told) }
      await fetch(`${alertmanager.url}/api/v2/alerts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify([{ labels }]),
      })
    },
    // While it is dead it takes none.
    { mayFail: true },
  )
  await news.begin()
  const labels = { instance }
  const lane: readonly Provocation[] = [
    {
      fault: 'the database of the recorder of incidents is killed (kill -9)',
      fires: [
        { alert: incidentsNotKept, labels },
        { alert: incidentDeliveriesFailing, labels },
      ],
      bring: database.kill,
      end: database.start,
    },
    {
      fault: 'somebody sends the recorder of incidents what is no notification',
      fires: [{ alert: incidentDeliveriesRefused, labels }],
      bring: async () => {
        for (const body of ['{}', 'hello', '[]']) await fetch(`${url}/alertmanager`, { method: 'POST', body })
      },
      end: async () => undefined,
    },
    {
      fault: 'the Alertmanager that the recorder of incidents asks is killed (kill -9)',
      fires: [{ alert: acknowledgementsUnseen, labels }],
      bring: alertmanager.kill,
      end: () => alertmanager.start(),
    },
  ]
  return {
    scraped: { job: 'incidents', instance, url: `${url}/metrics` },
    lane,
    end: async () => {
      await news.end()
      await database.end()
    },
  }
}
