import cluster, { type Worker } from 'node:cluster'
import { setImmediate as turn } from 'node:timers/promises'
import { gauge } from '../../../metrics/metric.ts'
import type { Kept } from '../../reading.ts'
import { type Family, merger, outlives, parcels } from './merge.ts'

export const serviceWorkers = gauge({
  name: 'service_workers',
  counts: 'workers',
  help: 'Worker processes of node:cluster by whether they answered the last scrape; of a silent one the last known counts are shown',
  labels: ['state'],
})

type Read = () => Promise<readonly Kept[]>

/** What workers and their primary say to each other, beside whatever the service itself sends. */
type Message =
  | { readonly observability: 'hello' | 'welcome' }
  | { readonly observability: 'ask'; readonly id: number }
  | { readonly observability: 'told'; readonly id: number; readonly family?: Family; readonly last: boolean }

const isMessage = (message: unknown): message is Message =>
  typeof message === 'object' && message !== null && 'observability' in message

// --- in a worker ------------------------------------------------------------------------------------------------

/** Milliseconds until a worker takes it that its primary does not run this. */
const patience = 2_000

/** The number of what is told unasked, by a worker that leaves. */
const farewellId = 0

interface ToPrimary {
  /** Whether there is a primary that asks: one started by a process manager is not ours. */
  readonly asked: Promise<boolean>
  /** Resolves when a primary says that it gathers, however late: it may have been busy. */
  readonly adopted: Promise<void>
  /** Tells once more, before this worker leaves: what it counted since the last scrape would be lost. */
  farewell(): Promise<void>
}

/** Tells the primary, whenever it asks, what this worker counted. */
export const answerPrimary = (read: Read): ToPrimary => {
  let told = Promise.resolve()
  const tell = async (id: number) => {
    for (const family of parcels(await read())) {
      send({ observability: 'told', id, family, last: false })
      await turn()
    }
    send({ observability: 'told', id, last: true })
  }
  const tellNext = (id: number) => {
    told = told.then(() => tell(id)).catch(() => undefined)
    return told
  }
  const adopted = new Promise<void>((resolve) => {
    process.on('message', (message: unknown) => {
      if (!isMessage(message)) return
      if (message.observability === 'welcome') resolve()
      if (message.observability === 'ask') void tellNext(message.id)
    })
    send({ observability: 'hello' })
  })
  const asked = new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), patience)
    adopted.then(() => {
      clearTimeout(timer)
      resolve(true)
    })
  })
  return { asked, adopted, farewell: () => tellNext(farewellId) }
}

const send = (message: Message) => {
  // A worker that is about to leave has no channel any more.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined)
}

// --- in the primary ---------------------------------------------------------------------------------------------

interface Known {
  /** Of the last time it answered in full. */
  families: readonly Family[]
  answered: boolean
  /** What it has told so far of its farewell. */
  readonly leaving: Family[]
}

/** Milliseconds that a scrape waits for a worker. */
const longest = 3_000

/**
 * Reads all workers and this process as one. What an ended worker counted goes on counting.
 * @param onWorker called for each worker that has something to tell
 */
export const gatherWorkers = (own: Read, onWorker: () => void): { readonly readings: Read; close(): void } => {
  const workers = new Map<number, Known>()
  const departed = merger()
  let asked = 0

  const greet = (worker: Worker) => {
    if (!workers.has(worker.id)) workers.set(worker.id, { families: [], answered: true, leaving: [] })
    onWorker()
    sendTo(worker, { observability: 'welcome' }, () => undefined)
  }
  const hear = (worker: Worker, message: unknown) => {
    if (!isMessage(message)) return
    if (message.observability === 'hello') greet(worker)
    const known = workers.get(worker.id)
    if (message.observability !== 'told' || message.id !== farewellId || !known) return
    if (message.family) known.leaving.push(message.family)
    if (message.last) known.families = known.leaving.splice(0)
  }
  const bury = ({ id }: Worker) => {
    for (const family of workers.get(id)?.families.filter(outlives) ?? []) departed.add(family)
    workers.delete(id)
  }
  cluster.on('message', hear).on('exit', bury)

  const gather = async () => {
    asked += 1
    const id = asked
    await Promise.all(
      [...workers].map(async ([worker, known]) => {
        const families = await ask(cluster.workers?.[worker], id)
        known.answered = families !== undefined
        if (families) known.families = families
      }),
    )
    const all = merger()
    const gathered = [departed.families(), ...[...workers.values()].map(({ families }) => families)]
    for (const families of [parcels(await own()), ...gathered]) {
      for (const family of families) {
        all.add(family)
        await turn()
      }
    }
    return [...all.kept(), ...states([...workers.values()])]
  }
  // Of a process alone nothing is copied: it is printed as it is kept.
  return {
    readings: () => (workers.size > 0 || departed.kept().length > 0 ? gather() : own()),
    close: () => {
      cluster.off('message', hear).off('exit', bury)
    },
  }
}

const states = (known: readonly Known[]): readonly Kept[] => {
  if (known.length === 0) return []
  const answering = known.filter(({ answered }) => answered).length
  const { name } = serviceWorkers
  return [
    {
      metric: serviceWorkers,
      lines: () => [
        [`${name}{state="answering"}`, answering],
        [`${name}{state="silent"}`, known.length - answering],
      ],
    },
  ]
}

/** A worker that has just died: without somebody to tell, Node would end the primary for it. */
const sendTo = (worker: Worker, message: Message, onFailure: () => void) => {
  worker.send(message, (failure) => {
    if (failure) onFailure()
  })
}

/** Undefined for a worker that is gone, or does not answer in time: its event loop may be blocked. */
const ask = (worker: Worker | undefined, id: number) =>
  new Promise<readonly Family[] | undefined>((resolve) => {
    if (!worker?.isConnected()) return resolve(undefined)
    const families: Family[] = []
    const end = (all: readonly Family[] | undefined) => {
      clearTimeout(timer)
      worker.off('message', hear)
      worker.off('exit', gone)
      resolve(all)
    }
    const hear = (message: unknown) => {
      if (!isMessage(message) || message.observability !== 'told' || message.id !== id) return
      if (message.family) families.push(message.family)
      if (message.last) end(families)
    }
    const gone = () => end(undefined)
    const timer = setTimeout(gone, longest)
    worker.on('message', hear)
    worker.once('exit', gone)
    sendTo(worker, { observability: 'ask', id }, gone)
  })
