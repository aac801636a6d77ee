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

/** Which server this is, and since when it runs. */
export const postmaster: Collector<Postgres> = {
  name: 'postmaster',
  metrics: [startTime, serverVersion],
  async collect({ rows, version }) {
    const found = await rows<{ start: number; words: string }>(sql)
    return found.flatMap(({ start, words }) => [
      startTime.sample(start),
      serverVersion.sample(1, { version: words, short_version: shortVersion(version) }),
    ])
  },
}

/** 170010 is 17.10.0, as its peer writes it: since 10 a release has two numbers. */
const shortVersion = (version: number) => `${Math.floor(version / 10_000)}.${version % 10_000}.0`

const sql = 'select extract(epoch from pg_postmaster_start_time()) as start, version() as words'
