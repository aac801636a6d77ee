import { wordsOf } from '../failure.ts'
import { connectWriter, type Query, type Writer } from '../postgres/writer.ts'
import type { Secret, Tell } from '../secret.ts'
import { emptyBook, type WritableBook } from './book.ts'
import type { Incident } from './incident.ts'
import { type Decide, type Ledger, oneByOne } from './ledger.ts'
import { moment } from './moment.ts'
import { readIncident } from './shapes.ts'
import { Unusable, usableTable } from './table.ts'

interface Options {
  /** Asked for at each connection. */
  readonly url: Secret
  readonly tell: Tell
}

/** Rows read at one go. */
const page = 5_000

/**
 * Keeps incidents in a table of PostgreSQL, where several recorders may write: a change is decided on what all of them
 * have written, while none of the others writes. While the server does not answer, changes fail.
 * @throws Error at once where the table cannot be used, naming the right that is missing
 */
export const postgresLedger = async ({ url, tell }: Options): Promise<Ledger> => {
  const inTurn = oneByOne()
  let writer: Writer | undefined
  const mirror: Mirror = { book: emptyBook(), last: 0 }
  let whole = false
  const connected = async () => {
    if (!writer?.alive) writer = undefined
    writer ??= await opened(url())
    return writer
  }
  const alone = async <T>(work: (query: Query) => Promise<T>) =>
    (await connected()).transaction(async (query) => {
      await query(`select pg_advisory_xact_lock(${lockKey})`)
      await catchUp(query, mirror)
      whole = true
      return work(query)
    })
  const changed = async (decide: Decide) => {
    const kept = await alone(async (query) => {
      const changes = decide(mirror.book)
      await write(query, changes, mirror.last)
      return changes
    })
    for (const incident of kept) put(mirror, incident, mirror.last + 1)
    return kept.length > 0
  }
  await inTurn(() => changed(() => [])).catch((failure: unknown) => {
    if (failure instanceof Unusable) throw failure
    tell(`could not read the incidents kept so far, and goes on trying: ${wordsOf(failure)}`)
  })
  return {
    get book() {
      return whole ? mirror.book : undefined
    },
    change: (decide) => inTurn(() => changed(decide)),
    probe: () => inTurn(() => alone((query) => probe(query, mirror.last))),
    close: () => inTurn(async () => writer?.alive && writer.close()).then(() => undefined),
  }
}

const opened = async (url: string) => {
  const writer = await connectWriter(url, 'techplus-incidents')
  try {
    await usableTable(writer)
    return writer
  } catch (failure) {
    await writer.close()
    throw failure
  }
}

/** Any number will do that is always this one. */
const lockKey = 9_466_000_001

/** What we know of the table: all that was written up to the change with this number. */
interface Mirror {
  readonly book: WritableBook
  last: number
}

const put = (mirror: Mirror, incident: Incident, seq: number) => {
  mirror.book.put(incident)
  mirror.last = seq
}

/** Takes what was written since, by whomever. Numbers are given under the lock: nothing with a lower one comes later. */
const catchUp = async (query: Query, mirror: Mirror): Promise<void> => {
  const rows = await query('select seq, record from incidents where seq > $1 order by seq limit $2', [
    mirror.last,
    page,
  ])
  for (const { seq, record } of rows) {
    const read = readIncident(String(record))
    if ('fault' in read)
      throw new Unusable(`the row of incidents with seq ${seq} is damaged (${read.fault}): mend or delete it`)
    put(mirror, read.value, Number(seq))
  }
  if (rows.length === page) await catchUp(query, mirror)
}

const write = async (query: Query, changes: readonly Incident[], last: number) => {
  for (const [at, incident] of changes.entries()) {
    await query(upsert, [
      incident.id,
      last + 1 + at,
      JSON.stringify(incident),
      plain(incident.labels.alertname ?? ''),
      plain(incident.severity),
      plain(incident.owner),
      incident.response,
      ...[incident.startsAt, incident.notifiedAt, incident.acknowledgedAt, incident.resolvedAt].map(moment),
    ])
  }
}

/** Reading may work where writing does not, as on a full disk: a row is written, and taken back. */
const probe = async (query: Query, last: number) => {
  await query('savepoint probe')
  await query(
    `insert into incidents (id, seq, record, alertname, severity, owner, response, starts_at, notified_at)
      values ('', $1, '', '', '', '', '', now(), now())`,
    [last + 1],
  )
  await query('rollback to savepoint probe')
}

/** No text of PostgreSQL holds NUL. The record does not either: JSON writes it otherwise. */
const plain = (text: string) => text.replaceAll('\0', '')

const upsert = `
  insert into incidents (id, seq, record, alertname, severity, owner, response, starts_at, notified_at, acknowledged_at, resolved_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
  on conflict (id) do update set seq = excluded.seq, record = excluded.record, response = excluded.response,
    starts_at = excluded.starts_at, acknowledged_at = excluded.acknowledged_at, resolved_at = excluded.resolved_at`
