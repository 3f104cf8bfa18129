import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Folders whose files take the longest come first, so that no worker is left alone with one at the end. */
const SLOWEST = ['/attacks/', '/e2e/', '/cli/', '/proof/', '/github/']

class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = SLOWEST.findIndex((folder) => moduleId.includes(`/test${folder}`))
      return found < 0 ? SLOWEST.length : found
    }
    return (await super.sort(files)).sort((a, b) => place(a) - place(b))
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // It names its own files as a bundler takes them, not as Node does.
    server: { deps: { inline: ['dt-sql-parser'] } },
    // Only what hangs is to be ended: on a crowded machine the longest take half of it.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // No test file leaves anything behind in its process, and to load the SDK and the schemas for each anew takes a third longer.
    isolate: false,
    // Much of a test's time is waiting for git, sockets and the app's own process.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: SlowestFirst },
  },
})
