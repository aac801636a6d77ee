import type { Reply, Stand, TargetName } from './stand.ts'

/** What is wrong for a while. */
export interface Ongoing {
  /** Done while a scrape is under way. */
  readonly strike?: () => Promise<unknown>
  /** Puts all right again; resolves when the server takes connections. */
  readonly end: () => Promise<unknown>
}

export interface Fault {
  readonly name: string
  readonly target: TargetName
  /** What a scrape must say of it, where that is certain. */
  readonly up?: 0 | 1
  /** Collectors that fail while the server is up; none where left out. */
  readonly failed?: readonly string[]
  /** What the exporter logs of it. */
  readonly logged?: RegExp
  /** A scrape of this answers what one before the fault did: no series is missing. */
  readonly whole?: boolean
  /** Whether its server can count connections meanwhile. */
  readonly mute?: boolean
  /** Scrapes in one occurrence: the first meets a connection that was kept, the second makes another. */
  readonly scrapes?: number
  begin(stand: Stand): Promise<Ongoing>
}

export const seriesOf = ({ body }: Reply): ReadonlySet<string> =>
  new Set(
    body
      .split('\n')
      .filter((line) => /^pg_(stat|statio)_user_(tables|indexes)_/.test(line))
      .map((line) => line.replace(/ \S+$/, '')),
  )
