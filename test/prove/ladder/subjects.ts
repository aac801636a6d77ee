import type { Alert } from '../../../alerts/alert.ts'
import { postgresDuplicateIndex, postgresInvalidIndex } from '../../../alerts/postgres/indexes.ts'
import { redisDown } from '../../../alerts/redis/availability.ts'
import { redisMemoryNearLimit } from '../../../alerts/redis/memory.ts'
import { clientOf, infoOf } from '../../integration/redis-stand.ts'
import type { workshop } from '../../integration/servers.ts'
import { exporting } from '../alerts/exporter.ts'
import { databaseOf } from '../alerts/postgres-storage/database.ts'
import { prepareIndexes } from '../alerts/postgres-storage/indexes.ts'
import { faultyRedis } from '../faults/servers.ts'
import { type Course, courses } from './law.ts'
import type { Labels } from './stand.ts'

/** A real fault of which one alert tells. */
export interface Subject {
  readonly alert: Alert
  readonly fault: string
  /** Of its server, which no other alert of the proof is about. */
  readonly instance: string
  readonly course: Course
  bring(): Promise<unknown>
  end(): Promise<unknown>
}

/** A subject for several who watch it. */
export interface Shared extends Omit<Subject, 'end'> {
  /** Resolves with the moment at which its end began, which is when all of them have seen enough. */
  end(): Promise<number>
}

/** Brought about once, and ended once. */
export const shared = (subject: Subject, watchers: number): Shared => {
  let brought: Promise<unknown> | undefined
  let left = watchers
  let letGo = () => {}
  const enough = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const ended = enough.then(async () => {
    const at = Date.now()
    await subject.end()
    return at
  })
  return {
    ...subject,
    bring: () => {
      brought ??= subject.bring()
      return brought
    },
    end: () => {
      left -= 1
      if (left === 0) letGo()
      return ended
    },
  }
}

/** Labels that tell its alert from every other. */
export const labelsOf = ({ alert, instance }: Pick<Subject, 'alert' | 'instance'>): Labels => ({
  alertname: alert.alert,
  instance,
})

/** The alerts that the subjects are about: one of each severity. */
export const ladderAlerts = [redisDown, redisMemoryNearLimit, postgresInvalidIndex, postgresDuplicateIndex] as const

type Shop = ReturnType<typeof workshop>

interface Opened {
  readonly subjects: readonly Subject[]
  readonly watched: Parameters<typeof exporting>[1]
  end(): Promise<unknown>
}

const lost = async ({ folder }: Shop, course: Course): Promise<Opened> => {
  const instance = `sessions-${course}`
  const server = await faultyRedis(folder, instance, {})
  return {
    subjects: [
      { alert: redisDown, fault: 'kill -9 of a Redis', instance, course, bring: server.kill, end: server.start },
    ],
    watched: { [instance]: { kind: 'redis', url: server.url } },
    end: server.end,
  }
}

const filled = async (shop: Shop, course: Course): Promise<Opened> => {
  const instance = `cache-${course}`
  const { url } = await shop.redis({ maxmemory: '16mb' })
  const client = clientOf(url)
  const fill = async () => {
    for (let key = 0; ; key += 1) {
      const { used_memory, maxmemory } = await infoOf(client)
      if (Number(used_memory) / Number(maxmemory) > 0.94) return
      await client.set(`page:${key}`, 'x'.repeat(50_000))
    }
  }
  return {
    subjects: [
      {
        alert: redisMemoryNearLimit,
        fault: 'a Redis is filled nearly to its maxmemory',
        instance,
        course,
        bring: fill,
        end: () => client.flushall(),
      },
    ],
    watched: { [instance]: { kind: 'redis', url } },
    end: async () => client.disconnect(),
  }
}

const indexed = async (shop: Shop, course: Course): Promise<Opened> => {
  const [broken, doubled] = [`bookings-${course}`, `menus-${course}`]
  const { url } = await shop.postgres()
  const first = databaseOf(url)
  await first.run('create database menus')
  const other = databaseOf(url, 'menus')
  await Promise.all([prepareIndexes(first), prepareIndexes(other)])
  await first.run('insert into indexed select * from indexed where id = 1')
  // It fails at the duplicate, which is the fault.
  const build = () =>
    first.run('create unique index concurrently broken on indexed (id)').then(
      () => Promise.reject(new Error('the index is unique after all')),
      () => undefined,
    )
  return {
    subjects: [
      {
        alert: postgresInvalidIndex,
        fault: 'CREATE UNIQUE INDEX CONCURRENTLY fails at a duplicate',
        instance: broken,
        course,
        bring: build,
        end: () => first.run('drop index broken'),
      },
      {
        alert: postgresDuplicateIndex,
        fault: 'a migration indexes the first column of an index',
        instance: doubled,
        course,
        bring: () => other.run('create index doubled on indexed (code)'),
        end: () => other.run('drop index doubled'),
      },
    ],
    watched: {
      [broken]: { kind: 'postgres', url: first.url, surveySeconds: 1 },
      [doubled]: { kind: 'postgres', url: other.url, surveySeconds: 1 },
    },
    end: () => Promise.all([first.end(), other.end()]),
  }
}

/** Every subject on servers of its own, and our exporter that reads them; or those of one severity. */
export const openSubjects = async (shop: Shop, severity?: string) => {
  const kinds = severity === 'critical' ? [lost] : [lost, filled, indexed]
  const opened = await Promise.all(courses.flatMap((course) => kinds.map((open) => open(shop, course))))
  const watched: Opened['watched'] = Object.fromEntries(opened.flatMap((one) => Object.entries(one.watched)))
  const { running, scraped } = await exporting(shop.folder, watched)
  shop.keep(running)
  return {
    subjects: opened
      .flatMap(({ subjects }) => subjects)
      .filter(({ alert }) => severity === undefined || alert.labels.severity === severity),
    scraped: scraped.map(({ job, instance, url }) => {
      const { host, pathname } = new URL(url)
      const target = { targets: [host], labels: { job, instance } }
      const every = job === 'postgres' ? '4s' : '2s'
      const pace = { scrape_interval: every, scrape_timeout: every }
      return { job_name: `${job}-${instance}`, metrics_path: pathname, ...pace, static_configs: [target] }
    }),
    end: async () => {
      for (const { end } of opened) await end()
    },
  }
}
