import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../../integration/servers.ts'
import type { Case, Proven, Shop } from './case.ts'
import { notPlayed } from './own-disk.ts'
import { endOne, onStand } from './security-update.ts'
import type { SecurityUpdateStand } from './security-update-stand.ts'

/**
 * In the place of the system's programs, so that nothing is installed: what waits, what is half installed, and the lock are
 * files of a folder. They say and do what those do: dpkg waits for nobody's lock, and an installation goes on when whoever
 * started it is killed.
 */
const programs = (folder: string): Readonly<Record<string, string>> => ({
  'apt-get': `case "$*" in
  *dist-upgrade) echo 'Calculating upgrade...'; cat ${folder}/waiting;;
  *update) ;;
  *) exit 100;;
esac`,
  'unattended-upgrade': `trap '' PIPE
exec 9>${folder}/lock; flock 9
echo openssl > ${folder}/half
echo $$ > ${folder}/pid
while [ -e ${folder}/hold ]; do sleep 0.05; done
: > ${folder}/waiting; rm ${folder}/half`,
  dpkg: `case "$1" in
  --audit) [ ! -e ${folder}/half ] || echo 'The following packages are only half configured: openssl';;
  --configure) flock -n ${folder}/lock true || { echo 'dpkg: error: dpkg frontend lock was locked by another process with pid 1' >&2; exit 2; }
    if [ -e ${folder}/half ]; then rm ${folder}/half; echo mended >> ${folder}/log; fi;;
  *) exit 100;;
esac`,
})

const inst = 'Inst openssl [3.0.19-1~deb12u2] (3.0.22-1~deb12u2 Debian-Security:12/oldstable-security [amd64])\n'

const systemIn = (folder: string) => {
  const [state, bin] = [join(folder, 'system'), join(folder, 'bin')]
  for (const path of [state, bin]) mkdirSync(path)
  for (const [name, script] of Object.entries(programs(state)))
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  const at = (name: string) => join(state, name)
  writeFileSync(at('waiting'), inst)
  writeFileSync(at('hold'), '')
  return {
    path: `${bin}:${process.env.PATH}`,
    installing: () => existsSync(at('pid')) && existsSync(at('half')),
    pid: () => Number(readFileSync(at('pid'), 'utf8')),
    letEnd: () => rmSync(at('hold')),
    isDone: () => readFileSync(at('waiting'), 'utf8') === '' && !existsSync(at('half')),
    mended: () => existsSync(at('log')),
  }
}
type System = ReturnType<typeof systemIn>

/** Why the lists of packages of this machine cannot be gone by, which the job looks at. */
const whyNoLists = () => {
  const found = statSync('/var/lib/apt/lists', { throwIfNoEntry: false })
  return found && Date.now() - found.mtimeMs < 6 * 86_400_000
    ? undefined
    : 'this machine has no lists of packages of apt'
}

interface Kill {
  readonly name: string
  readonly what: string
  /** Behind the kill. @returns faults of the run that comes next, which it begins */
  next(system: System, begin: () => ReturnType<SecurityUpdateStand['child']>): Promise<readonly string[]>
}

const succeeded = async ({ ended, said }: ReturnType<SecurityUpdateStand['child']>) => {
  await ended
  return said().includes('\nsucceeded') ? [] : [`the next run did not succeed: ${said()}`]
}

const kills: readonly Kill[] = [
  {
    name: 'kill -9 of the job alone while the system is updated, which ends before the next run',
    what: 'killed the job while unattended-upgrade was at work, which ended by itself; then run again',
    next: async (system, begin) => {
      system.letEnd()
      await eventually(system.isDone, Boolean)
      return succeeded(begin())
    },
  },
  {
    name: 'kill -9 of the job alone while the system is updated, which goes on beside the next run',
    what: 'killed the job while unattended-upgrade was at work, and run again while it still was',
    next: async (system, begin) => {
      const run = begin()
      await eventually(run.said, (said) => /waiting for another process|failed/.test(said), { within: 60_000 })
      system.letEnd()
      return succeeded(run)
    },
  },
  {
    name: 'kill -9 of the job and all that it started while the system is updated',
    what: 'killed the job and unattended-upgrade, with a package half installed; then run again',
    next: async (system, begin) => {
      endOne(-system.pid())
      system.letEnd()
      const faults = await succeeded(begin())
      return system.mended() ? faults : [...faults, 'nobody mended the package that was half installed']
    },
  },
]

const played = (shop: Shop, { what, next }: Kill): Promise<Proven> =>
  onStand(shop, 'leaky', async (stand) => {
    const system = systemIn(shop.folder)
    const task = { ...stand.task, settings: { ...stand.task.settings, system: 'security', npm: 'none' } as const }
    const begin = () => stand.child({ PATH: system.path }, task)
    const before = stand.pid()
    const run = begin()
    await eventually(system.installing, Boolean, { every: 5 })
    run.kill()
    await run.ended
    const faults = [...(await next(system, begin))]
    const outcomes = (await stand.outcomes()).join()
    if (outcomes !== 'killed,succeeded') faults.push(`the runs are ${outcomes}`)
    if (!system.isDone()) faults.push('something waits still, or is half installed')
    if (stand.pid() === before)
      faults.push('the API was not restarted behind the update, and uses what was there before')
    if (!(await stand.said())) faults.push('the API does not answer')
    return {
      what: `${what} (programs of our own in the place of apt-get, dpkg and unattended-upgrade)`,
      counts: `1 update waited before, ${system.isDone() ? 0 : 1} behind the next run; the API ${stand.pid() === before ? 'was not' : 'was'} restarted behind it`,
      faults,
    }
  })

export const cases: readonly Case[] = kills.map((kill) => ({
  name: `security update: ${kill.name}`,
  prove: async (shop) => {
    const why = whyNoLists()
    return why === undefined ? played(shop, kill) : notPlayed(why)
  },
}))
