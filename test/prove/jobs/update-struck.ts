import { eventually } from '../../integration/servers.ts'
import type { Case, Proven, Shop } from './case.ts'
import { type OwnDisk, onOwnDisk } from './own-disk.ts'
import { faultsOf, isAt, manyFiles, minutes, outcomesOf, slowFetch, slowly } from './update.ts'
import type { Release } from './update-api.ts'
import { type UpdateStand, updateStand } from './update-stand.ts'

interface Blow {
  readonly what: string
  /** The step of the update in which it comes, and milliseconds behind its beginning. */
  readonly at: string
  readonly after?: number
  readonly release: Release
  /** @returns what ends it, behind the run */
  strike(stand: UpdateStand, disk: OwnDisk | undefined): Promise<() => unknown>
  /** What the run that was struck has to have said, or the file with what npm said. */
  readonly heard: RegExp
  readonly onDisk?: true
}

const fill = async (_stand: UpdateStand, disk: OwnDisk | undefined) => {
  disk?.fill()
  return () => disk?.free()
}
/** Whatever is given back meanwhile is taken as well: npm removes what was installed before. */
const keepFull = async (_stand: UpdateStand, disk: OwnDisk | undefined) => {
  const filling = setInterval(() => disk?.fill(), 5)
  return () => {
    clearInterval(filling)
    disk?.free()
  }
}
const noRoom = /ENOSPC|No space left|ended with \d+/i

const blows: Readonly<Record<string, Blow>> = {
  'PostgreSQL is gone during the migration': {
    what: 'SIGKILL to PostgreSQL in the middle of the migration; started again behind the run',
    at: 'migrate',
    after: 900,
    release: slowly,
    strike: async (stand) => {
      process.kill(stand.postgres.pid, 'SIGKILL')
      await stand.postgres.exited
      return () => stand.again()
    },
    heard: /db:migrate.*ended with/,
  },
  'the disk is full during the fetch': {
    what: 'somebody filled the disk of the checkout (ENOSPC) while git fetched, and made room again behind the run',
    at: 'fetch',
    release: { ...slowly, files: manyFiles() },
    strike: fill,
    heard: noRoom,
    onDisk: true,
  },
  'the disk is full while the code is brought': {
    what: 'somebody filled the disk of the checkout (ENOSPC) while git wrote files, and made room again behind the run',
    at: 'code',
    release: { ...slowly, files: manyFiles() },
    strike: fill,
    heard: noRoom,
    onDisk: true,
  },
  'the disk is full during the installation': {
    what: 'somebody filled the disk of the checkout (ENOSPC) while npm installed packages, and made room again behind the run',
    at: 'install',
    release: slowly,
    strike: keepFull,
    heard: noRoom,
    onDisk: true,
  },
}

/** Runs behind it, at most: one that ends what was begun, and one that brings what is new. */
const mostRuns = 2

/** Until one succeeds. @returns faults of those before: each has to leave an API that is healthy, old or new */
const runOn = async (stand: UpdateStand): Promise<readonly string[]> => {
  const faults: string[] = []
  for (let time = 0; time < mostRuns; time += 1) {
    const run = stand.start({ minutes })
    if ((await run.ended) === 0) return faults
    const { status, version } = await stand.health()
    if (status !== 200) faults.push(`behind a run that failed the API of ${version} answers ${status}: ${run.said()}`)
  }
  return [...faults, `none of ${mostRuns} runs behind it succeeded`]
}

const played = async (shop: Shop, blow: Blow, disk: OwnDisk | undefined): Promise<Proven> => {
  const { what, at, after = 0, release, strike, heard } = blow
  const stand = await updateStand(shop, { version: '1.0.0' }, disk?.folder)
  try {
    const to = stand.origin.push(release)
    if (at === 'fetch') slowFetch(stand)
    const guests = stand.guests()
    const run = stand.start({ minutes })
    await eventually(() => isAt(stand, run.said(), at), Boolean, { within: 120_000, every: 2 })
    await new Promise((resolve) => setTimeout(resolve, after))
    const mend = await strike(stand, disk)
    await run.ended
    await mend()
    const { status } = await eventually(stand.health, (one) => one.status === 200)
    const faults = heard.test(run.said()) ? [] : [`it did not say ${heard}: ${run.said()}`]
    faults.push(...(await runOn(stand)))
    const { booked, lost } = await guests.stop()
    if (lost > 0) faults.push(`${lost} reservations were lost`)
    if (booked === 0) faults.push('nothing was booked meanwhile')
    faults.push(...(await faultsOf(stand, to, 'new')))
    const [first, ...others] = outcomesOf(stand)
    if (first !== 'failed') faults.push(`the run that was struck ${first}: ${run.said()}`)
    return {
      what,
      counts: `${booked} booked meanwhile, ${lost} lost; the API of before answered ${status} behind the run that failed; the runs behind it ${others.join(', ')}; 1.0.0 before, ${(await stand.health()).version} after`,
      faults,
    }
  } finally {
    await stand.end()
  }
}

const onDisk = (shop: Shop, blow: Blow): Promise<Proven> =>
  blow.onDisk
    ? onOwnDisk(shop, { holds: 'checkout', megabytes: 24 }, (disk) => played(shop, blow, disk))
    : played(shop, blow, undefined)

export const cases: readonly Case[] = Object.entries(blows).map(([name, blow]) => ({
  name: `update: ${name}`,
  prove: (shop) => onDisk(shop, blow),
}))
