import { defineConfig } from 'vitest/config'

// npm run test:image: builds both images and runs them; minutes, root, buildah.
export default defineConfig({
  test: {
    include: ['test/image/**/*.spec.ts'],
    testTimeout: 120_000,
    hookTimeout: 1_800_000,
    fileParallelism: false,
    pool: 'forks',
    reporters: ['verbose'],
  },
})
