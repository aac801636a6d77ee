import { gauge, untyped } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import type { Postgres } from './source.ts'

const peer = 'postgres_exporter'

export const startTime = gauge({
  name: 'pg_postmaster_start_time_seconds',
  peer,
  help: 'Unix time at which the server started',
})
export const serverVersion = untyped({
  name: 'pg_static',
  peer,
  help: 'Always 1; the release of the server in its own words, and as three numbers',
  labels: ['version', 'short_version'],
})

export const clusterInfo = gauge({
  name: 'pg_cluster_info',
  help: 'Always 1; the identifier that a primary and its standbys share, and every copy made from their files',
  labels: ['system_identifier'],
})

/** Which server this is, and since when it runs. */
export const postmaster: Collector<Postgres> = {
  name: 'postmaster',
  metrics: [startTime, serverVersion, clusterInfo],
  async collect({ rows, version }) {
    const found = await rows<{ start: number; words: string; cluster: string }>(sql)
    return found.flatMap(({ start, words, cluster }) => [
      startTime.sample(start),
      serverVersion.sample(1, { version: words, short_version: shortVersion(version) }),
      clusterInfo.sample(1, { system_identifier: cluster }),
    ])
  },
}

/** 170010 is 17.10.0, as its peer writes it: since 10 a release has two numbers. */
const shortVersion = (version: number) => `${Math.floor(version / 10_000)}.${version % 10_000}.0`

const sql = `
  select extract(epoch from pg_postmaster_start_time()) as start, version() as words,
         (select system_identifier::text from pg_control_system()) as cluster`
