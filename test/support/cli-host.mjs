/** A process that runs one command of the built command line after the other, but for what `main.js` does around it. */
import { run } from '../../dist/cli/run.js'
import { answer, enter } from './host.mjs'

process.on('message', async (order) => {
  enter(order)
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
  const code = await run(order.args)
  // Where it ran may be removed.
  process.chdir('/')
  answer(code)
})
