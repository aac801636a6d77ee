import { defineConfig } from 'vitest/config'

const project = (name: string, timeout: number, more: object = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeout,
    hookTimeout: Math.max(timeout, 60_000),
    ...more,
  },
})

/** Processes of their own that are waited for: two files at a time do each other no harm. */
const services = 'test/integration/service-*.test.ts'

export default defineConfig({
  test: {
    projects: [
      project('unit', 20_000, { include: ['test/architecture.test.ts', 'test/unit/**/*.test.ts'] }),
      project('services', 120_000, { include: [services], maxWorkers: 2, sequence: { groupOrder: 1 } }),
      // Real servers: one file at a time, or two of them would fight for the processors and for the clock.
      project('integration', 120_000, { exclude: [services], fileParallelism: false, sequence: { groupOrder: 2 } }),
    ],
  },
})
