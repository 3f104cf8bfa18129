/** The tests that a group of mutants has to fail: Stryker's worker is told them by the environment. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { include: (process.env.MUTATION_TESTS ?? '').split(','), testTimeout: 30_000 },
})
