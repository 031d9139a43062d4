import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Machines are shared, and stand still for seconds at times: a test that waits for something waits long.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Two cores: more files at once only make the process tests wait for each other.
    maxWorkers: 2,
    pool: 'forks',
  },
})
