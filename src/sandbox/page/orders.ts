/** The forms that stand on every page: whom the visitor acts as, the clock, the app's process. */
import { type PageRoute, post } from './router.ts'
import { afterwards, BadForm, backOf, type PageAnswer, type Visit } from './visit.ts'

export const orderForms: readonly PageRoute[] = [
  post('/session', switchPerson),
  post('/clock', moveClock),
  post('/app', orderApp),
]

function switchPerson(visit: Visit): PageAnswer {
  const person = visit.field('person')
  if (!Object.hasOwn(visit.ready.github.tokens, person)) throw new BadForm(`Nobody is called ${person} here.`)
  return { kind: 'redirect', to: backOf(visit), person }
}

async function moveClock(visit: Visit): Promise<PageAnswer> {
  const [advance, set, utc] = ['advance', 'set', 'utc'].map((name) => visit.field(name))
  if (advance) await visit.control.move({ advance })
  else await visit.control.move({ set: set || inUtc(utc ?? '') })
  return afterwards(visit)
}

/** What a field for date and time sends has no zone, and no seconds where they are zero. */
function inUtc(text: string): string {
  return `${text.length === 16 ? `${text}:00` : text}Z`
}

async function orderApp(visit: Visit): Promise<PageAnswer> {
  const order = visit.field('order')
  if (order !== 'start' && order !== 'stop' && order !== 'kill')
    throw new BadForm('The app can be started, stopped and killed.')
  await visit.control.order(order)
  return afterwards(visit)
}
