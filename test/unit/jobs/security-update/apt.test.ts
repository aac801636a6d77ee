import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readMadison, readSimulation } from '../../../../jobs/security-update/apt.ts'

/** What apt of Debian 12 printed, shortened to a few packages. */
const recorded = (name: string) => readFileSync(new URL(`recorded/${name}`, import.meta.url), 'utf8')

describe('A simulation of apt', () => {
  test('names what would be installed, and what of it comes from a suite of security updates', () => {
    const upgrades = readSimulation(recorded('debian-12-dist-upgrade.txt'))
    expect(upgrades.map(({ name, security }) => `${name} ${security ? 'security' : 'other'}`)).toEqual([
      'base-files other',
      'libgcrypt20 security',
      'libssl3 security',
      'libpam-modules-bin other',
      'dpkg other',
      'perl-base security',
      'python3-jwt security',
      'unzip security',
    ])
    expect(upgrades[2]).toEqual({
      name: 'libssl3',
      installed: '3.0.19-1~deb12u2',
      candidate: '3.0.22-1~deb12u2',
      security: true,
    })
  })

  test.each([
    [
      'libc6 of Ubuntu',
      'Inst libc6 [2.35-0ubuntu3.1] (2.35-0ubuntu3.8 Ubuntu:22.04/jammy-updates, Ubuntu:22.04/jammy-security [amd64])',
      true,
    ],
    [
      'of its extended maintenance',
      'Inst zip [3.0-12] (3.0-12ubuntu0.1~esm1 UbuntuESMApps:22.04/jammy-apps-security [amd64])',
      true,
    ],
    ['of Debian 10', 'Inst zlib1g [1.2.11] (1.2.11+deb10u2 Debian-Security:10/oldoldstable [amd64])', true],
    ['of updates alone', 'Inst tzdata [2024a] (2024b Ubuntu:22.04/jammy-updates [all])', false],
    ['of a suite that only sounds like it', 'Inst x [1] (2 security-tools:1/stable [all])', false],
    [
      'a kernel, which comes as a new package',
      'Inst linux-image-6.1.0-40-amd64 (6.1.153-1 Debian-Security:12/bookworm-security [amd64])',
      true,
    ],
  ])('%s', (_what, line, security) => {
    const [found, ...more] = readSimulation(`Calculating upgrade...\n${line}\nConf x\n`)
    expect(more).toEqual([])
    expect(found?.security).toBe(security)
  })

  test('with nothing to do has nothing', () => {
    expect(readSimulation('0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n')).toEqual([])
  })

  test.each(['', 'E: Could not open lock file', 'Lecture des listes de paquets...'])('%j is none', (text) => {
    expect(() => readSimulation(text)).toThrow('is no simulation')
  })
})

test('Versions that suites have are known with their suite', () => {
  expect(readMadison(recorded('debian-12-madison.txt')).filter(({ name }) => name === 'libssl3')).toEqual([
    { name: 'libssl3', version: '3.0.22-1~deb12u2', security: true },
    { name: 'libssl3', version: '3.0.20-1~deb12u2', security: false },
    { name: 'libssl3', version: '3.0.17-1~deb12u2', security: false },
  ])
})
