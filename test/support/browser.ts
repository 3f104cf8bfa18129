/** A real Chromium for tests of pages, where there is one; and what they all ask of a page. */
import { accessSync, constants, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']

/** Undefined where this machine has none; `CHROMIUM` may name one. */
export function findChromium(): string | undefined {
  const onPath = (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  return [process.env.CHROMIUM ?? '', ...onPath].find(isProgram)
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Nothing of the browser's own goes out to the network. */
export function launchChromium(executablePath: string): Promise<Browser> {
  const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run']
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync']
  return chromium.launch({ executablePath, args: [...args, ...quiet] })
}

const IN_PAGE = readFileSync(new URL('in-page.mjs', import.meta.url), 'utf8')

/** What is wrong with a page for those who can't see it, or see it on a phone: none where all is well. */
export function faultsOf(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`${IN_PAGE}\nfaults()`)
}

/** Tabs on until the element of this name has the focus, and can be seen to have it. */
export async function tabTo(page: Page, wanted: RegExp): Promise<void> {
  const seen: string[] = []
  for (let press = 0; press < MOST_TABS; press++) {
    await page.keyboard.press('Tab')
    const { name, isVisible } = await page.evaluate<{ name: string; isVisible: boolean }>(
      `${IN_PAGE}\nfocused()`,
    )
    seen.push(name)
    if (!wanted.test(name)) continue
    if (!isVisible) throw new Error(`nobody sees that "${name}" has the focus`)
    return
  }
  throw new Error(`no tab leads to ${wanted}; tabs lead to: ${[...new Set(seen)].join(', ').slice(0, 2_000)}`)
}

const MOST_TABS = 150
