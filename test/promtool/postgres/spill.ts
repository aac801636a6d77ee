import {
  postgresDatabaseSpills,
  postgresQueryFillsDisk,
  postgresStatementSpills,
} from '../../../alerts/postgres/spill.ts'
import { databaseTempBytes } from '../../../exporters/postgres/databases.ts'
import { blockSize } from '../../../exporters/postgres/settings.ts'
import { sessionSpill } from '../../../exporters/postgres/spill.ts'
import { statementTempBlocks } from '../../../exporters/postgres/statements.ts'
import { remainder } from '../../../exporters/reading.ts'
import type { Case } from '../case.ts'
import { rising, scraped, series } from '../series.ts'

const at = scraped.postgres
const gibibytes = (count: number) => count * 1024 ** 3
const statement = { user: 'techplus', datname: 'techplus', queryid: '-4711' }
const rest = { user: '', datname: '', queryid: remainder }
const database = { datid: '16384', datname: 'techplus' }

const blocks = series(blockSize, 'postgres', '8192x60')
/** So many gibibytes in a quarter of an hour. */
const byStatement = (size: number, labels = statement) =>
  series(statementTempBlocks, 'postgres', rising([[gibibytes(size) / 8192 / 15, 60]]), labels)
const byDatabase = (size: number, labels = database) =>
  series(databaseTempBytes, 'postgres', rising([[gibibytes(size) / 15, 60]]), labels)

const one = (size: number, labels = statement) => ({
  about: postgresStatementSpills,
  series: [blocks, byStatement(size, labels)],
  at: '30m' as const,
})

const statements: readonly Case[] = [
  {
    name: 'a statement that writes more than a gibibyte of temporary files is told with its id',
    ...one(1.2),
    fires: [{ rule: postgresStatementSpills, labels: { ...at, ...statement }, value: '1.2Gi' }],
  },
  { name: 'a statement that spills less than a gibibyte is not told', ...one(0.9), fires: [] },
  { name: 'a statement that spills is not told within five minutes', ...one(20), at: '4m', fires: [] },
  { name: 'what spills among the remainder is told of its database alone', ...one(20, rest), fires: [] },
]

const all = (size: number, alone: number, labels = database) => ({
  about: postgresDatabaseSpills,
  series: [blocks, byStatement(alone), byDatabase(size, labels)],
  at: '30m' as const,
})

const databases: readonly Case[] = [
  {
    name: 'a database many statements of which spill is told',
    ...all(5, 0.9),
    fires: [{ rule: postgresDatabaseSpills, labels: { ...at, datname: 'techplus' }, value: '5Gi' }],
  },
  { name: 'a database that spills less than four gibibytes is not told', ...all(3.9, 0.9), fires: [] },
  { name: 'a database that spills is not told within five minutes', ...all(60, 0), at: '4m', fires: [] },
  { name: 'a database of which one statement spills most is told as that alone', ...all(5, 1.2), fires: [] },
  {
    name: 'a statement that spills excuses its own database alone',
    ...all(5, 1.2, { datid: '16385', datname: 'annex' }),
    fires: [{ rule: postgresDatabaseSpills, labels: { ...at, datname: 'annex' }, value: '5Gi' }],
  },
  { name: 'what databases share has no queries that spill', ...all(6, 0, { datid: '0', datname: '' }), fires: [] },
]

const session = { datname: 'techplus', usename: 'report', application_name: 'nightly', queryid: '-4711' }
const client = { datname: session.datname, usename: session.usename, application_name: session.application_name }
const holds = (sizes: string, labels = session) => ({
  about: postgresQueryFillsDisk,
  series: [
    series(sessionSpill, 'postgres', sizes, labels),
    series(sessionSpill, 'postgres', `${gibibytes(4)}x30`, { ...session, queryid: '815' }),
  ],
})

const filling: readonly Case[] = [
  {
    name: 'a client whose queries hold more than ten gibibytes of temporary files is told while they run',
    ...holds(`${gibibytes(8)}x30`),
    at: '5m',
    fires: [{ rule: postgresQueryFillsDisk, labels: { ...at, ...client }, value: '12Gi' }],
  },
  {
    name: 'a client whose queries hold ten gibibytes of temporary files is not told',
    ...holds(`${gibibytes(6)}x30`),
    at: '10m',
    fires: [],
  },
  {
    name: 'temporary files that are gone within a minute are not told',
    ...holds(`0x4 ${gibibytes(20)} 0x20`),
    at: '5m',
    fires: [],
  },
  {
    name: 'the temporary files of all other sessions are those of nobody',
    ...holds(`${gibibytes(20)}x30`, { datname: '', usename: '', application_name: '', queryid: remainder }),
    at: '10m',
    fires: [],
  },
]

export const spillCases: readonly Case[] = [...statements, ...databases, ...filling]
