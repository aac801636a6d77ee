import { expect, test } from 'vitest'
import type { Account, Source } from '../../../exporters/collector.ts'
import { scraper } from '../../../exporters/scrape.ts'
import { gauge } from '../../../metrics/metric.ts'
import { samplesOf } from '../../readings.ts'

const vitals = {
  up: gauge({ name: 'demo_up', counts: 'answers', help: 'x' }),
  success: gauge({ name: 'demo_success', counts: 'successes', help: 'x', labels: ['collector'] }),
  duration: gauge({ name: 'demo_duration_seconds', help: 'x', labels: ['collector'] }),
}
const source: Source<Account> = {
  ready: async () => {},
  answered: async () => true,
  reader: (account) => account,
  close: async () => {},
}

test('What is left out for want of a right is logged once with its remedy, and the collector succeeds', async () => {
  const lines: string[] = []
  const say = (_context: object, message: string) => lines.push(message)
  const widths = {
    name: 'widths',
    metrics: [],
    collect: async ({ lacks }: Account) => {
      lacks?.('tables', new Error('run GRANT'))
      return []
    },
  }
  const scrape = scraper({ kind: 'demo', name: 'main', source, collectors: [widths], vitals }, { info: say, warn: say })
  for (const _ of [1, 2]) {
    const success = samplesOf((await scrape(1000)).readings).find(({ metric }) => metric.name === vitals.success.name)
    expect(success?.value).toBe(1)
  }
  expect(lines).toEqual(['demo/main: widths of tables failed: run GRANT'])
})
