import { cpus } from 'node:os'
import { join } from 'node:path'
import { alertsOf, everyRule } from '../../../../alerts/index.ts'
import { hostDiskStalled } from '../../../../alerts/stack/disk.ts'
import { heartbeat, heartbeatGroup } from '../../../../alerts/stack/heartbeat.ts'
import { hostClockAdrift, hostClockSkewed, hostMemoryStalled } from '../../../../alerts/stack/host.ts'
import { stackGroups } from '../../../../alerts/stack/index.ts'
import { systemDown } from '../../../../alerts/stack/system.ts'
import { ensurePrograms } from '../../../../compose/local/programs.ts'
import { startNodeExporter } from '../../../../compose/local/servers.ts'
import { connect } from '../../../../demo/database.ts'
import { demoLogins, setupDemo, urlFor } from '../../../../demo/setup.ts'
import { runSchedule } from '../../../../jobs/scheduler.ts'
import { freePort, portOf, type workshop } from '../../../integration/servers.ts'
import { readingJobs } from '../jobs/stand.ts'
import { lineTo } from '../line.ts'
import type { Scene } from '../provocation.ts'
import { services } from '../service/stand.ts'
import { agentAdjusted, openAgent } from './agent.ts'
import { openAlertmanager } from './alertmanager.ts'
import { nodeLane, openProbe, openReleases, scrapeLane, serviceLane } from './coverage.ts'
import { diskAdjusted, diskUnprovoked, openDisks } from './disk.ts'
import {
  collectorFaults,
  exporterAdjusted,
  exporterOf,
  makeLogin,
  memoryFaults,
  revokedLogin,
  surveyFaults,
} from './exporter.ts'
import { hostAdjusted, hostFaults, hostUnprovoked } from './host.ts'
import { judgeOf } from './judge.ts'
import { openSecond } from './prometheus.ts'
import { openRecorder } from './recorder.ts'
import { restartable } from './restartable.ts'
import { openThird, storageAdjusted } from './storage.ts'
import { restartFaults, slowFaults, targetFaults, targetsAdjusted } from './targets.ts'

type Shop = ReturnType<typeof workshop>

const passwords = { api: 'an-api-password', exporter: 'an-exporter-password' }

const nodeExporter = async (shop: Shop, name: string) => {
  const [port, programs] = [await freePort(), await ensurePrograms(['node-exporter'])]
  const dataDir = join(shop.folder, name)
  const launch = (args: readonly string[]) =>
    startNodeExporter({ program: programs['node-exporter'], dataDir, port, name, args })
  return { ...(await restartable(shop, launch)), host: `127.0.0.1:${port}` }
}

/** A server with the demo's database, and logins of which one loses its rights. */
const openDatabase = async (shop: Shop) => {
  const { url: adminUrl } = await shop.postgres()
  await setupDemo({ adminUrl, passwords })
  const admin = await connect(adminUrl)
  await makeLogin(admin)
  await admin.run('create database crowd')
  const revoked = new URL(adminUrl)
  revoked.username = revokedLogin.name
  revoked.password = revokedLogin.password
  const crowd = new URL(adminUrl)
  crowd.pathname = '/crowd'
  const main = urlFor(adminUrl, { login: demoLogins.exporter, password: passwords.exporter })
  return { admin, urls: { admin: adminUrl, main, revoked: revoked.href, crowd: crowd.href } }
}

/** Jobs of which a scheduler was there once. */
const scheduledJobs = async (shop: Shop) => {
  const folder = join(shop.folder, 'scheduled-jobs')
  await runSchedule([], { folder, signal: AbortSignal.abort(), tell: () => undefined })
  return readingJobs(shop, { jobs: { folder } })
}

const stalls =
  'no program at all may go on: one that reads from a disk held to 2 MB a second stalls others, but never those that judge'
const clocks = 'it would take the clock of the machine that all this runs on'

/** What tells that nobody responds. */
const ladder = alertsOf(everyRule().escalation)
const climbed =
  'it is about other alerts: each rung, with the recorder and real silences, has a proof of its own (ladder)'

export const stackScene: Scene = {
  name: 'stack',
  alone: true,
  // That everything is down is brought about where nothing else needs a database.
  alerts: [...alertsOf([...stackGroups, heartbeatGroup]), ...ladder].filter(({ id }) => id !== systemDown.id),
  adjusted: [
    ...targetsAdjusted,
    ...exporterAdjusted,
    ...storageAdjusted,
    ...hostAdjusted,
    ...diskAdjusted,
    ...agentAdjusted,
  ],
  unprovoked: {
    [hostMemoryStalled.id]: stalls,
    [hostDiskStalled.id]: stalls,
    [hostClockSkewed.id]: clocks,
    [hostClockAdrift.id]: clocks,
    [heartbeat.id]: 'it fires as long as there is a Prometheus; that it arrives is proven with the running stack',
    ...Object.fromEntries(ladder.map(({ id }) => [id, climbed])),
    ...hostUnprovoked,
    ...diskUnprovoked,
  },
  open: async (shop) => {
    const [node, spare, switched, restless] = [
      await nodeExporter(shop, 'node'),
      await nodeExporter(shop, 'spare'),
      await nodeExporter(shop, 'switched'),
      await nodeExporter(shop, 'restless'),
    ]
    const [database, cache, releases] = [await openDatabase(shop), await shop.redis(), await openReleases(shop)]
    const exporter = await exporterOf(shop, 'exporter', {
      'postgres/main': { kind: 'postgres', url: database.urls.main },
      'postgres/revoked': { kind: 'postgres', url: database.urls.revoked },
      'postgres/surveyed': { kind: 'postgres', url: database.urls.main, surveySeconds: 0.25 },
      'reservations/main': { kind: 'reservations', url: database.urls.main },
      'redis/releases': { kind: 'redis', url: releases.url },
    })
    const large = await exporterOf(shop, 'large', {
      'postgres/crowd': { kind: 'postgres', url: database.urls.crowd, unbounded: true },
    })
    const line = await lineTo(portOf(exporter.origin))
    const start = await services(shop)
    const needs = { database: database.urls.admin, cache: cache.url }
    const api = await start('api', needs)
    const probe = await openProbe(shop, new URL(api.origin).host)
    const alertmanager = await openAlertmanager(shop)
    const recorder = await openRecorder(shop)
    const jobs = await scheduledJobs(shop)
    const third = await openThird(shop, node.host, alertmanager.host)
    const second = await openSecond(shop, node.host, third.prometheus)
    const agent = await openAgent(shop, node.host)
    const disks = openDisks(join(shop.folder, 'disks'))
    const own = (job: string, instance: string, origin: string) => ({ job, instance, url: `${origin}/metrics` })
    const ofNode = (instance: string, { host }: typeof node) => own('node', instance, `http://${host}`)
    const read = (kind: string, instance: string, query = '') => {
      return { job: kind, instance, url: `${exporter.origin}/metrics/${kind}/${instance}${query}` }
    }
    return {
      scraped: () => [
        ofNode('node', node),
        ofNode('spare', spare),
        ofNode('switched', switched),
        ofNode('restless', restless),
        own('exporter', 'exporter', exporter.origin),
        own('exporter', 'large', large.origin),
        own('exporter', 'slow', `http://127.0.0.1:${line.port}`),
        own('prometheus', 'second', second.url),
        own('prometheus', 'third', third.prometheus.url),
        own('alertmanager', 'second', alertmanager.url),
        agent.scraped,
        recorder.scraped,
        ...jobs,
        read('postgres', 'main'),
        read('postgres', 'revoked', '?collect[]=statements'),
        read('postgres', 'surveyed', '?collect[]=tables&collect[]=survey'),
        read('reservations', 'main'),
        read('redis', 'releases'),
        api.scraped,
        probe.scraped,
      ],
      lanes: (watch) => {
        const judge = judgeOf(watch)
        return [
          targetFaults('spare', spare, judge),
          restartFaults('restless', restless),
          slowFaults('slow', line),
          collectorFaults('revoked', database.admin),
          surveyFaults('surveyed', database.admin),
          memoryFaults('large', large, database.urls.crowd),
          second.lane,
          third.lane(watch),
          agent.lane(watch),
          alertmanager.lane,
          recorder.lane,
          hostFaults('node', cpus().length),
          ...disks.lanes(watch),
          nodeLane(watch, 'switched', switched),
          releases.lane(watch),
          serviceLane(watch, api, (again, has) => start('api', { again, ...(has === 'all' && needs) })),
          probe.lane(watch),
          scrapeLane(watch, judge),
        ]
      },
      end: async () => {
        line.close()
        // What is left of one must not keep the others: first of all the mounts.
        const ends = [disks.end, second.end, agent.end, alertmanager.end, recorder.end, database.admin.close]
        const left = (await Promise.allSettled(ends.map((end) => end()))).flatMap((one) =>
          one.status === 'rejected' ? [one.reason] : [],
        )
        if (left.length > 0) throw new AggregateError(left, 'the scene of the stack could not be ended')
      },
    }
  },
}
