/** Looks again now and then, so that checks, comments and access show without a reload; all works without it. */
const EVERY_MS = 5000
/** A tab that nobody touches stops asking. */
const FORGOTTEN_AFTER_MS = 15 * 60 * 1000

let touched = Date.now()
let asking = false
for (const event of ['pointerdown', 'keydown', 'scroll'])
  addEventListener(event, () => {
    touched = Date.now()
  })

/** What is shown of each part, as the server sent it: the page may have opened a detail since. */
const shown = new Map()
for (const part of document.querySelectorAll('[data-live]')) shown.set(part.dataset.live, part.innerHTML)

const offset = Number(document.querySelector('[data-now]')?.dataset.now) - Date.now()
let shift = offset

async function lookAgain() {
  const isWanted = document.visibilityState === 'visible' && Date.now() - touched < FORGOTTEN_AFTER_MS
  if (!isWanted || asking) return
  asking = true
  try {
    const answer = await fetch(location.href, { redirect: 'error' })
    if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), 'text/html'))
  } catch {
    // The sandbox may be gone; what was seen stays.
  } finally {
    asking = false
  }
}

function show(fresh) {
  shift = Number(fresh.querySelector('[data-now]')?.dataset.now) - Date.now()
  for (const part of document.querySelectorAll('[data-live]')) {
    const name = part.dataset.live
    const now = fresh.querySelector(`[data-live="${name}"]`)
    if (name === 'now' || !now || now.innerHTML === shown.get(name) || isInUse(part)) continue
    shown.set(name, now.innerHTML)
    part.replaceChildren(...document.importNode(now, true).childNodes)
  }
}

/** Nothing is taken away from under anybody's hands. */
function isInUse(part) {
  const hasText = [...part.querySelectorAll('textarea, input:not([type=hidden]):not([type=radio])')].some(
    (field) => field.value !== field.defaultValue,
  )
  return hasText || part.contains(document.activeElement)
}

function tick() {
  const clock = document.querySelector('[data-live="now"] time')
  if (clock === null || Number.isNaN(shift)) return
  const iso = new Date(Date.now() + shift).toISOString().slice(0, 19)
  clock.textContent = `${iso.replace('T', ' ')} UTC`
}

setInterval(lookAgain, EVERY_MS)
setInterval(tick, 1000)
