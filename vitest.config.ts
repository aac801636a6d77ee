import { defineConfig } from 'vitest/config'
import { BaseSequencer } from 'vitest/node'

const project = (name: string, timeout: number, more: object = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeout,
    hookTimeout: Math.max(timeout, 60_000),
    ...more,
  },
})

/** It waits for alerts to fire, most of its minutes: others run beside it. */
const longest = 'test/integration/stack.test.ts'
/** Processes of their own that are waited for: two files at a time do each other no harm. */
const beside = ['test/integration/service-*.test.ts', longest]

class LongestFirst extends BaseSequencer {
  override async sort(...[files]: Parameters<BaseSequencer['sort']>) {
    const sorted = await super.sort(files)
    const isLongest = ({ moduleId }: (typeof files)[number]) => moduleId.endsWith(longest)
    return [...sorted.filter(isLongest), ...sorted.filter((file) => !isLongest(file))]
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      project('unit', 20_000, { include: ['test/architecture.test.ts', 'test/unit/**/*.test.ts'] }),
      project('beside', 120_000, { include: beside, maxWorkers: 2, sequence: { groupOrder: 1 } }),
      // Real servers: one file at a time, or two of them would fight for the processors and for the clock.
      project('integration', 120_000, { exclude: beside, fileParallelism: false, sequence: { groupOrder: 2 } }),
    ],
  },
})
