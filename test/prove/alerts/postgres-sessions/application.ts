import { Client } from 'pg'
import { urlOf } from '../../faults/stand.ts'
import type { Provocation } from '../provocation.ts'

/** Where an application has its sessions, and by which name the server knows them. */
interface Place {
  /** A superuser's, who may end all of them. */
  readonly url: string
  readonly application: string
  /** Whose sessions they are: the superuser's where it is left out. */
  readonly login?: string
  readonly database?: string
}

/** A client of a server, with as many sessions as it opens, and what it does in them until it is ended. */
export interface Application {
  open(): Promise<Client>
  /** Opens sessions until the server refuses one, and says why. */
  exhaust(): Promise<string>
  /** Goes on beside everything else, in a session of its own, until it is done or ended. */
  run(sql: string): Promise<void>
  /** So many sessions that do the same over and over. Resolves when each has done it once. */
  repeat(sessions: number, round: (session: Client) => Promise<unknown>): Promise<void>
  /** Ends every session of it, as whoever is on call would. */
  end(): Promise<void>
}

const urlIn = (url: string, database: string | undefined) => {
  const other = new URL(url)
  if (database !== undefined) other.pathname = database
  return other.href
}

/** As a superuser. */
export const ask = async (url: string, sql: string, database?: string): Promise<void> => {
  const client = new Client(urlIn(url, database))
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

/** A server that takes as many is no server with a limit. */
const most = 200

const applicationAt = ({ url, application, login, database }: Place): Application => {
  const own = urlIn(login === undefined ? url : urlOf({ url }, login), database)
  const sessions: Client[] = []
  const working: Promise<unknown>[] = []
  const failures: unknown[] = []
  let ended = false
  const beside = (work: Promise<unknown>) => {
    const told = work.catch((cause: unknown) => {
      // What fails afterwards was ended.
      if (!ended) failures.push(cause)
    })
    working.push(told)
  }
  const open = async () => {
    const session = new Client({ connectionString: own, application_name: application })
    // Whoever has asked it something is told as well.
    session.on('error', () => undefined)
    await session.connect()
    sessions.push(session)
    return session
  }
  return {
    open,
    exhaust: async () => {
      while (sessions.length < most) {
        const refused = await open().then(
          () => undefined,
          (cause: unknown) => String(cause),
        )
        if (refused !== undefined) return refused
      }
      throw new Error(`the server took ${most} sessions and refuses none`)
    },
    run: async (sql) => beside((await open()).query(sql)),
    repeat: async (count, round) => {
      const opened = await Promise.all(Array.from({ length: count }, open))
      await Promise.all(opened.map(round))
      for (const session of opened) {
        const rounds = async () => {
          while (!ended) await round(session)
        }
        beside(rounds())
      }
    },
    end: async () => {
      ended = true
      const theirs = `from pg_stat_activity where application_name = '${application}'`
      await ask(url, `select pg_terminate_backend(pid, 5000) ${theirs}`)
      await Promise.all(working)
      await Promise.all(sessions.map((session) => session.end()))
      if (failures.length > 0) throw new AggregateError(failures, `${application} failed: ${failures[0]}`)
    },
  }
}

interface Misconduct extends Place, Pick<Provocation, 'fault' | 'fires'> {
  bring(application: Application): Promise<unknown>
}

/** A fault for as long as an application has its sessions. */
export const misconduct = ({ fault, fires, bring, ...place }: Misconduct): Provocation => {
  const application = applicationAt(place)
  return { fault, fires, bring: () => bring(application), end: () => application.end() }
}
