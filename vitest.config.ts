import { defineConfig } from 'vitest/config'
import { BaseSequencer } from 'vitest/node'

const project = (name: string, timeout: number, more: object = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeout,
    hookTimeout: Math.max(timeout, 60_000),
    // The outages that are played again, each of which waits.
    maxConcurrency: 6,
    ...more,
  },
})

/** Two wait for alerts to fire and for panels to fill, most of their minutes, and the third computes: they begin side by side. */
const longest = [
  'test/integration/stack.test.ts',
  'test/integration/dashboards.test.ts',
  'test/integration/rules.test.ts',
] as const
/** Processes of their own, that are waited for or that nobody else waits for: three files at a time do each other no harm. */
const beside = [
  'test/integration/service-*.test.ts',
  'test/integration/compiles.test.ts',
  'test/integration/generate.test.ts',
  // They wait for notifications.
  'test/integration/{delivery,incidents,ladder,messages,on-call,outage,routes,tally}.test.ts',
  // They wait for programs that they kill and start.
  'test/integration/jobs-*.test.ts',
  // They wait for scrapes, and for servers of several releases.
  'test/integration/{preview,watched,postgres-aspects,postgres-contract}.test.ts',
  ...longest,
]

class LongestFirst extends BaseSequencer {
  override async sort(...[files]: Parameters<BaseSequencer['sort']>) {
    const sorted = await super.sort(files)
    const long = longest.flatMap((name) => sorted.filter(({ moduleId }) => moduleId.endsWith(name)))
    return [...long, ...sorted.filter((file) => !long.includes(file))]
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      project('unit', 20_000, { include: ['test/architecture.test.ts', 'test/unit/**/*.test.ts'] }),
      project('beside', 120_000, { include: beside, maxWorkers: 3, sequence: { groupOrder: 1 } }),
      // Real servers: one file at a time, or two of them would fight for the processors and for the clock.
      project('integration', 120_000, { exclude: beside, fileParallelism: false, sequence: { groupOrder: 2 } }),
    ],
  },
})
