import {
  postgresDown,
  postgresProcessCrashed,
  postgresRestarted,
  postgresRoleChanged,
  postgresSplitBrain,
} from '../../../alerts/postgres/availability.ts'
import { backgroundWriterReset } from '../../../exporters/postgres/background-writer.ts'
import { databaseCommits } from '../../../exporters/postgres/databases.ts'
import { postgresVitals } from '../../../exporters/postgres/index.ts'
import { clusterInfo, startTime } from '../../../exporters/postgres/postmaster.ts'
import { isReplica } from '../../../exporters/postgres/replication.ts'
import type { Case } from '../case.ts'
import { type InputSeries, scraped, series } from '../series.ts'

const at = scraped.postgres

const down: readonly Case[] = [
  {
    name: 'PostgreSQL that does not answer is told after a minute',
    about: postgresDown,
    series: [series(postgresVitals.up, 'postgres', '1x2 0x5')],
    at: '5m',
    fires: [{ rule: postgresDown, labels: at }],
  },
  {
    name: 'PostgreSQL that answers is not told',
    about: postgresDown,
    series: [series(postgresVitals.up, 'postgres', '1x10')],
    at: '10m',
    fires: [],
  },
  {
    name: 'PostgreSQL that misses single scrapes is not told',
    about: postgresDown,
    series: [series(postgresVitals.up, 'postgres', '0 1 0 1 0 1')],
    at: '4m',
    fires: [],
  },
]

const database = { datid: '16384', datname: 'techplus' }

const anew = { reset: '500x10 1100x30', commits: '0+60x10 5+60x30' }
const life = ({
  started = '400x40',
  reset = '500x40',
  commits = '0+60x40',
}: Partial<Record<'started' | 'reset' | 'commits', string>>) => [
  series(startTime, 'postgres', started),
  series(backgroundWriterReset, 'postgres', reset),
  series(databaseCommits, 'postgres', commits, database),
  series(databaseCommits, 'postgres', '0x40', { datid: '1', datname: 'template1' }),
]

const restarted: readonly Case[] = [
  {
    name: 'PostgreSQL that was restarted is told, and not that a process of it crashed',
    about: postgresRestarted,
    series: life({ started: '400x10 1090x30', ...anew }),
    at: '13m',
    fires: [{ rule: postgresRestarted, labels: at }],
  },
  {
    name: 'a restart that took so long that some scrapes failed is told',
    about: postgresRestarted,
    series: life({ started: '400x10 _x6 1090x20' }),
    at: '19m',
    fires: [{ rule: postgresRestarted, labels: at }],
  },
  {
    name: 'a restart seen once is not told before the next look',
    about: postgresRestarted,
    series: life({ started: '400x10 1090x30' }),
    at: '11m',
    fires: [],
  },
  {
    name: 'a server that is watched for the first time, just started, was not restarted',
    about: postgresRestarted,
    series: life({ started: '_x5 290x30' }),
    at: '8m',
    fires: [],
  },
  {
    name: 'a restart is over after a quarter of an hour',
    about: postgresRestarted,
    series: life({ started: '400x10 1090x30' }),
    at: '28m',
    fires: [],
  },
]

const crashed: readonly Case[] = [
  {
    name: 'a server whose statistics all begin anew while it runs on lost a process',
    about: postgresProcessCrashed,
    series: life(anew),
    at: '13m',
    fires: [{ rule: postgresProcessCrashed, labels: at }],
  },
  {
    name: 'a crash of a process seen once is not told before the next look',
    about: postgresProcessCrashed,
    series: life(anew),
    at: '11m',
    fires: [],
  },
  {
    name: 'a crash of a process is over after a quarter of an hour',
    about: postgresProcessCrashed,
    series: life(anew),
    at: '28m',
    fires: [],
  },
  {
    name: 'after a restart statistics may begin anew: no process of it crashed',
    about: postgresProcessCrashed,
    series: life({ started: '400x10 1090x30', ...anew }),
    at: '13m',
    fires: [],
  },
  {
    name: 'whoever resets the statistics of one database crashes nothing',
    about: postgresProcessCrashed,
    series: life({ commits: anew.commits }),
    at: '13m',
    fires: [],
  },
  {
    name: 'whoever resets the statistics that databases share crashes nothing',
    about: postgresProcessCrashed,
    series: life({ reset: anew.reset }),
    at: '13m',
    fires: [],
  },
]

const role = (values: string) => ({ about: postgresRoleChanged, series: [series(isReplica, 'postgres', values)] })

const roleChanged: readonly Case[] = [
  {
    name: 'a standby that was promoted is told',
    ...role('1x10 0x30'),
    at: '12m',
    fires: [{ rule: postgresRoleChanged, labels: at }],
  },
  {
    name: 'a primary that came back as a standby is told, though it was gone meanwhile',
    ...role('0x10 _x6 1x30'),
    at: '19m',
    fires: [{ rule: postgresRoleChanged, labels: at }],
  },
  { name: 'a change of role seen once is not told before the next look', ...role('1x10 0x30'), at: '11m', fires: [] },
  { name: 'a change of role is over after a quarter of an hour', ...role('1x10 0x30'), at: '28m', fires: [] },
  { name: 'a standby that stays one is not told', ...role('1x30'), at: '20m', fires: [] },
]

interface Server {
  readonly instance?: string
  readonly replica?: string
  readonly started?: string
  readonly id?: string
}
/** Another target of the same job. */
const of = (instance: string, all: readonly InputSeries[]) =>
  all.map(({ series: text, values }) => ({ series: text.replace('instance="main"', `instance="${instance}"`), values }))
const server = ({ instance = 'main', replica = '0x30', started = '400x30', id = '7712438081005176109' }: Server) =>
  of(instance, [
    series(isReplica, 'postgres', replica),
    series(startTime, 'postgres', started),
    series(clusterInfo, 'postgres', '1x30', { system_identifier: id }),
  ])
const cluster = { system_identifier: '7712438081005176109' }
const promoted = { instance: 'standby', replica: '1x10 0x20', started: '450x30' }
const both = (second: Server) => ({ about: postgresSplitBrain, series: [...server({}), ...server(second)] })

const splitBrain: readonly Case[] = [
  {
    name: 'a standby that was promoted while its primary runs on is told of both',
    ...both(promoted),
    at: '13m',
    fires: ['main', 'standby'].map((instance) => ({
      rule: postgresSplitBrain,
      labels: { ...at, ...cluster, instance },
    })),
  },
  { name: 'two primaries of one cluster are not told within a minute', ...both(promoted), at: '11m', fires: [] },
  {
    name: 'a primary and its standby are as they should be',
    ...both({ ...promoted, replica: '1x30' }),
    at: '20m',
    fires: [],
  },
  {
    name: 'two servers that have nothing to do with one another may both be primaries',
    ...both({ ...promoted, id: '7712438051674387725' }),
    at: '20m',
    fires: [],
  },
  {
    name: 'one server scraped under two names is one primary',
    ...both({ instance: 'by-address', replica: '0x30' }),
    at: '20m',
    fires: [],
  },
]

export const availabilityCases: readonly Case[] = [...down, ...restarted, ...crashed, ...roleChanged, ...splitBrain]
