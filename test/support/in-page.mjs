/** Run inside a page by the tests of it; see browser.ts. */

function nameOf(element) {
  const labels = [...(element.labels ?? [])].map((label) => label.textContent).join(' ')
  const seen = element.cloneNode(true)
  for (const decoration of seen.querySelectorAll('[aria-hidden]')) decoration.remove()
  const name = element.getAttribute('aria-label') || labels || seen.textContent || ''
  return name.replace(/\s+/g, ' ').trim()
}

/** What is wrong with the page for those who can't see it, or see it on a phone: sentences. */
globalThis.faults = () => {
  const found = []
  const count = (selector) => document.querySelectorAll(selector).length
  if (document.documentElement.scrollWidth > innerWidth) found.push('it scrolls sideways')
  if (document.documentElement.lang === '') found.push('it has no language')
  for (const one of ['h1', 'main', 'body > header', 'body > footer', 'aside'])
    if (count(one) !== 1) found.push(`it has ${count(one)} ${one}`)
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id)
  for (const id of new Set(ids))
    if (ids.filter((other) => other === id).length > 1) found.push(`${id} is there twice`)
  for (const nav of document.querySelectorAll('nav'))
    if (!nav.getAttribute('aria-label')) found.push('a nav has no name')
  for (const element of document.querySelectorAll(
    'a, button, input:not([type=hidden]), select, textarea, summary',
  ))
    if (nameOf(element) === '') found.push(`it has no name: ${element.outerHTML}`)
  return found
}

/** The element that has the focus, by name, and whether it can be seen to have it. */
globalThis.focused = () => {
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement)
  return {
    name: nameOf(document.activeElement),
    isVisible: outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2,
  }
}
