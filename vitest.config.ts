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

export default defineConfig({
  test: {
    projects: [
      project('unit', 20_000, { include: ['test/architecture.test.ts', 'test/unit/**/*.test.ts'] }),
      // Real servers: one file at a time, or two of them would fight for the processors and for the clock.
      project('integration', 120_000, { fileParallelism: false }),
    ],
  },
})
