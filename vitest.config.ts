import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // No test file leaves anything behind in its process, and to load the SDK and the schemas for each anew takes a third longer.
    isolate: false,
    // Much of a test's time is waiting for git, sockets and the app's own process.
    maxWorkers: availableParallelism() + 1,
  },
})
