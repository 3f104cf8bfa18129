/** The tests that a group of mutants has to fail: Stryker's worker is told them by the environment. */
import { defineConfig } from 'vitest/config'
import type { Reporter, TestModule, Vitest } from 'vitest/node'

/** Stryker counts tests, and a file that a mutant keeps from loading has none: it is told as an error of the run. */
class LoadErrors implements Reporter {
  #vitest: Vitest | undefined

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  onTestModuleEnd(module: TestModule): void {
    for (const { message } of module.errors())
      this.#vitest?.state.catchError(new Error(`${module.relativeModuleId}: ${message}`), 'Load Error')
  }
}

export default defineConfig({
  test: {
    include: (process.env.MUTATION_TESTS ?? '').split(','),
    reporters: [new LoadErrors()],
    testTimeout: 30_000,
  },
})
