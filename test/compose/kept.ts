import { instantQuery } from '../integration/instant-query.ts'
import { eventually } from '../integration/servers.ts'
import type { Stand } from './stand.ts'

/** Something that is kept, and what would be lost of it. */
interface Kept {
  readonly what: string
  /** What was there before and is not there now; empty where nothing is lost. */
  lost(): Promise<readonly string[]>
  readonly size: number
}

const lines = (text: string) => text.split('\n').filter(Boolean)

const keptLines = async (what: string, read: () => Promise<readonly string[]>): Promise<Kept> => {
  const before = await read()
  if (before.length === 0) throw new Error(`there are no ${what} to be lost`)
  return {
    what,
    size: before.length,
    lost: async () => {
      const now = new Set(await read())
      return before.filter((line) => !now.has(line))
    },
  }
}

const json = async <Answer>(url: string, request: RequestInit = {}): Promise<Answer> => {
  const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(10_000) })
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`)
  const body: Answer = JSON.parse(await answer.text())
  return body
}

/** The newest: the demo's cleanup removes old ones. */
const reservations = ({ within }: Stand) => {
  const query =
    'select id, user_id, date from reservations where created_at < $$MOMENT$$ order by created_at desc limit 500'
  const moment = new Date().toISOString()
  const login = 'PGPASSWORD=$(cat /run/secrets/superuser_password) psql --username=postgres --dbname=techplus'
  const words = query.replace('MOMENT', moment).replaceAll('$$', "'")
  return keptLines('reservations', async () =>
    lines(await within('postgres', `${login} --no-align --tuples-only --command "${words}"`)),
  )
}

const redisKey = async ({ within }: Stand) => {
  const ask = (command: string) => within('redis', `{ cat /run/secrets/ping; echo "${command}"; } | redis-cli`)
  await ask('SET boot:kept yes')
  return keptLines('keys of Redis', async () => lines(await ask('GET boot:kept')).slice(-1))
}

const samples = async (stand: Stand) => {
  const moment = Date.now() / 1_000
  return keptLines('series of samples', async () => {
    const found = await instantQuery(await stand.url('prometheus', 9090), 'count_over_time(up[1m])', moment)
    return found.map(({ metric, value }) => JSON.stringify([metric, value[1]]))
  })
}

interface Silence {
  readonly id: string
  readonly status: { readonly state: string }
}
const silences = async (stand: Stand) => {
  const at = async () => `${await stand.url('alertmanager', 9093)}/api/v2/silences`
  const [now, hour] = [Date.now(), 3_600_000]
  const silence = {
    matchers: [{ name: 'alertname', value: 'NobodyHasThis', isRegex: false, isEqual: true }],
    startsAt: new Date(now).toISOString(),
    endsAt: new Date(now + hour).toISOString(),
    createdBy: 'boot',
    comment: 'is to be there after every restart',
  }
  await json(await at(), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(silence),
  })
  return keptLines('silences', async () =>
    (await json<readonly Silence[]>(await at())).map(({ id, status }) => `${id} ${status.state}`),
  )
}

/** By name: what is known of one may be written anew. */
const incidents = ({ within }: Stand) =>
  keptLines('incidents', async () => {
    const text = await within('incidents', 'cat /var/lib/techplus/incidents/incidents.jsonl')
    return [...new Set([...text.matchAll(/"incident":\{"id":"([^"]+)"/g)].map(([, id = '']) => id))]
  })

const backups = async ({ within, attempt }: Stand) => {
  // The schedule may be at it just now, and two do not run at once.
  const save = ['compose', 'exec', '--no-TTY', 'jobs', 'node', 'dist/jobs/main.js', 'backup']
  await eventually(
    () => attempt(save),
    ({ code }) => code === 0,
    { within: 60_000, every: 1_000 },
  )
  return keptLines('files of backups', async () =>
    lines(await within('jobs', 'find /var/lib/techplus/backups -name "*.age" -type f -exec sha256sum {} +')),
  )
}

const records = ({ within }: Stand) =>
  keptLines('runs of jobs', async () =>
    lines(await within('jobs', 'find /var/lib/techplus/maintenance -path "*/records/*"')),
  )

/** What there is now, of all that is to outlive every container. */
export const whatIsKept = async (stand: Stand): Promise<readonly Kept[]> => [
  ...(await Promise.all([
    backups(stand),
    reservations(stand),
    redisKey(stand),
    samples(stand),
    silences(stand),
    incidents(stand),
  ])),
  await records(stand),
]

export const sizes = (all: readonly Kept[]) => all.map(({ what, size }) => `${size} ${what}`).join(', ')

/** @throws Error with what is lost */
export const assertKept = async (all: readonly Kept[]): Promise<void> => {
  const lost = await Promise.all(
    all.map(async (one) => (await one.lost()).map((line) => `${one.what}: ${line.slice(0, 80)}`)),
  )
  const faults = lost.flat()
  if (faults.length > 0) throw new Error(`lost: ${faults.slice(0, 5).join('; ')}`)
}
