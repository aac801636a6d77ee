import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Refused } from '../../jobs/job.ts'
import { findProgram } from '../../jobs/program.ts'
import { fixedLock } from '../../jobs/security-update/packages.ts'
import { pendingUpdates } from '../../jobs/security-update/pending.ts'
import { aptStand } from '../prove/jobs/apt-stand.ts'
import { cases } from '../prove/jobs/security-update.ts'
import { type SecurityUpdateStand, securityUpdateStand } from '../prove/jobs/security-update-stand.ts'
import { cases as systemCases } from '../prove/jobs/security-update-system.ts'
import { eventually, workshop } from './servers.ts'

const shop = workshop()
const { signal } = new AbortController()
let stand: SecurityUpdateStand

beforeAll(async () => {
  stand = await securityUpdateStand(shop)
})
afterAll(async () => {
  await stand?.end()
  await shop.end()
})

/** The API runs, and needs this package, of an old version. */
const using = async (name: string) => {
  await stand.using(name)
  await stand.driver.restart(signal)
  await eventually(() => stand.said().catch(() => undefined), Boolean)
}
const run = async () => {
  const record = await stand.run()
  return {
    ...record,
    figures: Object.fromEntries(
      record.samples.map(({ metric, labels, value }) => [`${metric} ${labels.source ?? ''}`.trim(), value]),
    ),
  }
}

describe('Packages with a known vulnerability', () => {
  test('are named before, fixed, and used by the API behind its restart', async () => {
    await using('leaky')
    const { npm: waiting } = await pendingUpdates({ folder: stand.app, signal })
    expect(waiting).toEqual({ state: 'known', updates: [{ name: 'leaky', words: 'leaky (high)' }] })
    expect((await stand.job().plan(signal)).steps.join('\n')).toContain(
      `npm audit fix in ${stand.app}, for: leaky (high)`,
    )
    const { outcome, words, figures, failures } = await run()
    expect(failures).toEqual([])
    expect([outcome, words]).toEqual(['succeeded', 'installed npm: leaky (high)'])
    expect(figures).toEqual({
      'security_update_installed npm': 1,
      'security_update_left npm': 0,
      security_update_rolled_back: 0,
    })
    expect([stand.installed('leaky'), await stand.said()]).toEqual(['1.0.1', { said: 'tight' }])
    // An update knows that the changed lock is of this.
    expect(await fixedLock(join(stand.jobsFolder, 'security-update'), stand.app)).toMatch(/^[0-9a-f]{64}$/)
  })

  test('are none behind that, and nothing is done', async () => {
    const pid = stand.pid()
    const { outcome, words } = await run()
    expect([outcome, words, stand.pid()]).toEqual(['succeeded', 'nothing waited', pid])
  })

  test('stay, where the API is not healthy with what mends them', async () => {
    await using('grumpy')
    const lock = readFileSync(join(stand.app, 'package-lock.json'), 'utf8')
    const { outcome, words, figures } = await run()
    expect([outcome, words]).toEqual([
      'failed',
      expect.stringContaining('npm audit fix was taken back, and the API is healthy without it'),
    ])
    expect(figures).toMatchObject({ security_update_rolled_back: 1 })
    expect(readFileSync(join(stand.app, 'package-lock.json'), 'utf8')).toBe(lock)
    expect([stand.installed('grumpy'), await stand.said()]).toEqual(['1.0.0', { said: 'grumpy' }])
  })

  test('that nobody could ask for are refused, and never none', async () => {
    writeFileSync(join(stand.app, '.npmrc'), 'registry=http://127.0.0.1:9/\n')
    const refused = stand.job().plan(signal)
    await expect(refused).rejects.toThrow(Refused)
    await expect(refused).rejects.toThrow('nobody knows what waits for the packages')
  })
})

describe('Updates of the system', () => {
  test.skipIf(findProgram('apt-get') === undefined)(
    'are read from a real simulation of apt, which changes nothing',
    async () => {
      const before = readFileSync('/var/lib/dpkg/status')
      const { system, npm: packages } = await pendingUpdates({ signal, listsDays: Number.POSITIVE_INFINITY })
      expect(packages.state).toBe('absent')
      expect(system.state).toBe('known')
      expect(readFileSync('/var/lib/dpkg/status').equals(before)).toBe(true)
    },
  )

  test.skipIf(findProgram('apt-get') === undefined)(
    'are those of the lists that apt is told to keep, as long as these are fresh',
    async () => {
      const folder = join(shop.folder, 'apt')
      const apt = aptStand(folder)
      const [old, newer] = [apt.build('a-library', '1.0-1'), apt.build('a-library', '1.0-1+deb12u1')]
      apt.install(old)
      apt.publish(old)
      vi.stubEnv('APT_CONFIG', apt.variables.APT_CONFIG)
      try {
        const ask = async () => (await pendingUpdates({ signal })).system
        expect(await ask()).toEqual({ state: 'known', updates: [] })
        apt.publish(old, newer)
        const words = 'a-library 1.0-1 -> 1.0-1+deb12u1'
        expect(await ask()).toEqual({ state: 'known', updates: [{ name: 'a-library', words }] })
        apt.install(newer)
        expect(await ask()).toEqual({ state: 'known', updates: [] })
        const stale = Date.now() / 1_000 - 9.5 * 86_400
        for (const path of ['lists', join('lists', 'partial')]) utimesSync(join(folder, path), stale, stale)
        expect(await ask()).toMatchObject({ state: 'unknown', why: expect.stringContaining('are 9 days old') })
      } finally {
        vi.unstubAllEnvs()
      }
    },
  )

  test('are not known where the lists of packages are old, missing or empty, as they are in an image', async () => {
    const lists = join(shop.folder, 'lists')
    const ask = () => pendingUpdates({ signal, lists, listsDays: 7 })
    if (findProgram('apt-get') === undefined) return
    expect((await ask()).system).toEqual({ state: 'unknown', why: expect.stringContaining('are not there') })
    mkdirSync(join(lists, 'partial'), { recursive: true })
    expect((await ask()).system).toEqual({ state: 'unknown', why: expect.stringContaining('are not there') })
    writeFileSync(join(lists, 'deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages.lz4'), '')
    const old = Date.now() / 1_000 - 9.5 * 86_400
    for (const path of [lists, join(lists, 'partial')]) utimesSync(path, old, old)
    expect((await ask()).system).toEqual({
      state: 'unknown',
      why: 'the lists of packages are 9 days old: run apt-get update, once a day',
    })
  })

  test('say whether a reboot is due', async () => {
    const reboot = join(shop.folder, 'reboot-required')
    const ask = async () => (await pendingUpdates({ signal, reboot, lists: '/nowhere' })).rebootRequired
    expect([existsSync(reboot), await ask()]).toEqual([false, false])
    writeFileSync(reboot, '')
    expect(await ask()).toBe(true)
  })
})

// The others: npm run prove -- jobs.
test.each([cases[0], systemCases[2]])('$name: the next run ends the work', async (one) => {
  const other = workshop()
  try {
    expect((await one?.prove(other))?.faults).toEqual([])
  } finally {
    await other.end()
  }
})
