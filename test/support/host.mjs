/** What every process of `host.ts` does: it ends with whoever gave the orders, and says when something has run. */

process.on('disconnect', () => process.exit())

/** One at a time: all that it printed ends here. */
export function answer(value) {
  process.stdout.write('\0')
  process.stderr.write('\0')
  process.send(value)
}

/** As if the process had been started so. */
export function enter({ directory, environment }) {
  process.chdir(directory)
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, environment)
}
