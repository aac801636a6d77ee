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

/**
 * The order in which files begin that run beside others. Two wait for alerts to fire and for panels to fill, most of their
 * minutes: they are first. They start a demo each, which takes both processors: beside that begin some that only wait, and
 * so the second of them a little later. Then come those that compute, while the two wait.
 */
const first = [
  'stack',
  'delivery',
  'ladder',
  'messages',
  'dashboards',
  'outage',
  'tally',
  'rules',
  'preview',
  'generate',
].map((name) => `test/integration/${name}.test.ts`)

/** Processes of their own, that are waited for or that nobody else waits for: four files at a time do each other no harm. */
const beside = [
  'test/integration/service-*.test.ts',
  'test/integration/compiles.test.ts',
  // They wait for notifications.
  'test/integration/{incidents,on-call,routes}.test.ts',
  // They wait for programs that they kill and start.
  'test/integration/jobs-*.test.ts',
  // They wait for scrapes, and for servers of several releases.
  'test/integration/{panels,provoke,remote-write,watched,postgres-aspects,postgres-contract}.test.ts',
  // They wait for a browser, or for a command.
  'test/integration/{demo-processes,grafana,kubernetes,prepare,up}.test.ts',
  'test/integration/preview-*.test.ts',
  ...first,
]

class InOrder extends BaseSequencer {
  override async sort(...[files]: Parameters<BaseSequencer['sort']>) {
    const sorted = await super.sort(files)
    const early = first.flatMap((name) => sorted.filter(({ moduleId }) => moduleId.endsWith(name)))
    return [...early, ...sorted.filter((file) => !early.includes(file))]
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: InOrder },
    projects: [
      project('unit', 20_000, { include: ['test/architecture.test.ts', 'test/unit/**/*.test.ts'] }),
      project('beside', 120_000, { include: beside, maxWorkers: 4, sequence: { groupOrder: 1 } }),
      // Real servers: one file at a time, or two of them would fight for the processors and for the clock.
      project('integration', 120_000, { exclude: beside, fileParallelism: false, sequence: { groupOrder: 2 } }),
    ],
  },
})
