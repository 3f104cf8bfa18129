/** Stands in for the app where only its life is tested: follows the clock once at each look, idle unless told otherwise. */
import { createServer } from 'node:http'

const { PORT, DAYPASS_CLOCK_URL, STAND_IN = 'idle' } = process.env
if (STAND_IN === 'broken') {
  console.error('APP_ID is missing')
  process.exit(1)
}
process.on('SIGTERM', () => process.exit(0))
createServer(async (request, response) => {
  if (request.url === '/crash') process.exit(3)
  if (request.url === '/environment') return response.end(JSON.stringify(process.env))
  const offset = STAND_IN === 'stuck' ? 0 : (await (await fetch(DAYPASS_CLOCK_URL)).json()).offset
  response.setHeader('content-type', 'application/json')
  response.end(
    JSON.stringify({ idle: STAND_IN !== 'busy', now: new Date(Date.now() + offset).toISOString() }),
  )
}).listen(Number(PORT), '127.0.0.1', () => console.log('listening'))
