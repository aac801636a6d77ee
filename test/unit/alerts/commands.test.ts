import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { askedAddresses, askedQueries, shellCommands } from '../../commands.ts'
import { errorsIn, faultOf, selectedBy } from '../../promql.ts'
import { everyRecording } from '../../promtool/case.ts'
import { everyMetric } from '../../promtool/series.ts'

const known = [...everyMetric, ...everyRecording].map(({ name }) => name)

describe('the commands of the runbook', () => {
  test('are words that a shell understands', () => {
    const faults = shellCommands.flatMap((command) => {
      const { status, stderr } = spawnSync('bash', ['-n'], { input: command, encoding: 'utf8' })
      return status === 0 ? [] : [`${command}: ${stderr}`]
    })
    expect(shellCommands.length).toBeGreaterThan(200)
    expect(faults).toEqual([])
  })

  // Told by these programs, and read by no rule.
  const others =
    /^(?:probe_http_duration_seconds|prometheus_engine_queries|scrape_samples_scraped|nodejs_external_memory_bytes)/
  test.each(askedQueries)('ask for what there is: %s', (query) => {
    expect(errorsIn(query)).toEqual([])
    const faults = selectedBy(query)
      .filter(({ name }) => !others.test(name) && /^[a-z]+[_:][\w:]+$/.test(name))
      .flatMap((one) => faultOf(one) ?? [])
    expect(faults).toEqual([])
  })

  test('look on a page of metrics for names that stand there', () => {
    const looks = shellCommands.filter((command) => /curl [^|]*\/metrics/.test(command))
    const words = looks.flatMap((command) =>
      [...command.matchAll(/grep (?:-\w+ )*(?:'([^']+)'|(\S+))/g)].flatMap(
        ([, quoted, bare]) => (quoted ?? bare ?? '').match(/[a-z]+(?:_[a-z0-9]+)+/g) ?? [],
      ),
    )
    expect(words.length).toBeGreaterThan(15)
    expect([...new Set(words)].filter((word) => !known.some((name) => name.includes(word)))).toEqual([])
  })

  test('ask programs where they listen', () => {
    const ports = new Set(askedAddresses.map(({ port, pathname }) => `${port}${pathname.replace(/^(\/\w+).*/, '$1')}`))
    expect([...ports].sort()).toEqual([
      '3000/health',
      '9090/api',
      '9090/metrics',
      '9093/-/ready',
      '9100/metrics',
      '9464/health',
      '9464/metrics',
      '9465/metrics',
      '9466/health',
      '9466/metrics',
    ])
  })
})
