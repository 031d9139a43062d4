import { defineConfig } from 'vitest/config'

// npm run test:gpu: what only a real GPU can show. A process a file: CUDA libraries are loaded once.
export default defineConfig({
  test: {
    include: ['test/gpu/**/*.spec.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    fileParallelism: false,
    pool: 'forks',
  },
})
