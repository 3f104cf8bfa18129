import { readFileSync } from 'node:fs'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { faultsOf, findChromium, launchChromium, tabTo } from '../support/browser.ts'
import { startWorld, type TestWorld } from '../support/world.ts'

const chromium = findChromium()
if (chromium === undefined)
  console.warn('SKIPPED: the pages are not looked at in a browser, as there is no chromium on the PATH.')

const DESKTOP = { width: 1280, height: 900 }
const PHONE = { width: 390, height: 844 }
const NOVEMBER = 'exports/2026/11/orders.csv'

describe.skipIf(chromium === undefined)('the pages in a real browser', () => {
  let world: TestWorld
  let browser: Browser
  let url: string
  const open: BrowserContext[] = []
  const complaints: string[] = []

  beforeAll(async () => {
    ;[world, browser] = await Promise.all([startWorld(), launchChromium(chromium ?? '')])
    url = world.ready.github.url
  })
  afterAll(async () => {
    await browser?.close()
    await world?.close()
  })

  afterEach(async () => {
    for (const context of open.splice(0)) await context.close()
    complaints.length = 0
  })

  /** Fails at whatever the page itself complains of: errors, what its own policy had to stop. */
  async function visit(path: string, viewport = DESKTOP, javaScriptEnabled = true): Promise<Page> {
    const context = await browser.newContext({ viewport, javaScriptEnabled })
    open.push(context)
    const page = await context.newPage()
    page.setDefaultTimeout(60_000)
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('dialog', (dialog) => {
      complaints.push(`a dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    await page.goto(url + path)
    return page
  }
  /** The page waits a while for the app; a machine that is busy may need longer. */
  async function rest(page: Page): Promise<void> {
    await world.settled()
    await page.reload()
  }

  async function actAs(page: Page, login: string): Promise<void> {
    await page.getByLabel('You are').selectOption(login)
    await page.getByRole('button', { name: 'Switch' }).click()
  }

  const reads = (page: Page, login: string, key: string) =>
    page.getByRole('link', { name: `${login} can read ${key}`, exact: true })
  const isDenied = (page: Page, login: string, key: string) =>
    page.getByRole('link', { name: `${login} is denied ${key}`, exact: true })

  test('a request is opened, approved and merged by the keyboard alone, read, waited out and reverted', async () => {
    const page = await visit('/acme/access')
    const press = async (name: RegExp) => {
      await tabTo(page, name)
      seen += await page.locator('body').innerText()
      await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
    }
    let seen = ''
    const become = async (login: string) => {
      await tabTo(page, /^You are/)
      await page.keyboard.type(login)
      await press(/^Switch$/)
    }
    await press(/^Ask for access$/)
    await tabTo(page, /^Content$/)
    await press(/^Propose new file$/)
    await press(/^Create pull request$/)
    await rest(page)
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toContain('alice-inc-4211.yaml #1')
    expect(await page.getByText('alice asks to read customer-exports for 4 h').count()).toBe(1)
    expect(await isDenied(page, 'alice', NOVEMBER).count()).toBe(1)

    await become('olivia')
    await press(/^Approve$/)
    await rest(page)
    expect(await page.getByText('This can be merged.').count()).toBe(1)
    await press(/^Merge pull request$/)
    await rest(page)
    expect(await page.getByText('Access is open until').first().isVisible()).toBe(true)
    expect(await reads(page, 'alice', NOVEMBER).count()).toBe(1)
    expect(await isDenied(page, 'alice', 'exports/2026/10/orders.csv').count()).toBe(1)
    expect(await isDenied(page, 'mallory', NOVEMBER).count()).toBe(1)

    await press(new RegExp(`^alice can read ${NOVEMBER}$`))
    expect(await page.getByText('4211,Initech,99.50').count()).toBe(1)

    await page.goto(`${url}/acme/access/pull/1`)
    await press(/^To the end of the window$/)
    await rest(page)
    expect(await isDenied(page, 'alice', NOVEMBER).count()).toBe(1)
    expect(await page.getByText('because its window is over').first().isVisible()).toBe(true)
    await press(/^pull request 2$/)
    expect(await page.getByText('Merged', { exact: true }).first().isVisible()).toBe(true)
    expect(
      await world.fileOnMain('acme/access', 'access-requests/prod/customer-exports/alice-inc-4211.yaml'),
    ).toBe(undefined)
    expect(complaints).toEqual([])
    expect(buttonsInReadme().filter((name) => !seen.includes(name))).toEqual([])
  }, 120_000)

  test('mistakes stand on their very lines, and a change pushed by the page mends them; no script is needed', async () => {
    const page = await visit('/acme/access', PHONE, false)
    await page.getByRole('link', { name: 'Ask for access' }).click()
    await page
      .getByLabel('Content')
      .fill('requester: alice\nreason: Find the corrupt rows\nduration: soon\nprefixes: [exports/*]\n')
    await page.getByRole('button', { name: 'Propose new file' }).click()
    await page.getByRole('button', { name: 'Create pull request' }).click()
    await page.getByRole('link', { name: /^Files changed/ }).click()
    await rest(page)

    const lines = await page.locator('table.lines tr').allInnerTexts()
    const at = (text: string) => lines.findIndex((line) => line.includes(text))
    expect(lines[at('duration: soon') + 1]).toMatch(/Failure at line 3, column 11/)
    expect(lines[at('prefixes: [exports/*]') + 1]).toMatch(/Failure at line 4, column \d+/)
    expect(await page.locator('mark').allInnerTexts()).toEqual(['s', 'e'])

    await page.getByRole('link', { name: 'Edit' }).click()
    await page
      .getByLabel('Content')
      .fill('requester: alice\nreason: Find the corrupt rows\nduration: 1h\nprefixes: [exports/2026/11/]\n')
    await page.getByLabel(/^Right onto/).check()
    await page.getByRole('button', { name: 'Propose changes' }).click()
    await page.getByRole('link', { name: 'Pull requests' }).click()
    await page.getByRole('link', { name: /alice-inc-4211/ }).click()
    await rest(page)
    expect(await page.getByText('alice asks to read customer-exports for 1 h').count()).toBe(1)

    await page.getByRole('button', { name: 'Approve' }).click()
    expect(await page.getByRole('alert').innerText()).toContain('Can not approve your own pull request')
    await page.getByLabel('Squash').check()
    await page.getByRole('button', { name: 'Merge pull request' }).click()
    expect(await page.getByRole('alert').innerText()).toContain('Waiting on code owner review.')

    await actAs(page, 'oscar')
    await page.getByLabel('Comment', { exact: true }).fill('For *two* hours, please')
    await page.getByRole('button', { name: 'Ask for changes' }).click()
    expect(await page.locator('article').last().innerText()).toMatch(/oscar asked for changes in commit/)
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.getByLabel('Squash').check()
    await page.getByRole('button', { name: 'Merge pull request' }).click()
    await rest(page)
    expect(await reads(page, 'alice', NOVEMBER).count()).toBe(1)

    expect(await page.getByRole('link', { name: "Deleting the request's file" }).count()).toBe(1)
    await actAs(page, 'alice')
    await page.getByRole('link', { name: 'the check Daypass / grant of the merge commit' }).click()
    await page.getByRole('button', { name: 'End access now' }).click()
    await rest(page)
    expect(await isDenied(page, 'alice', NOVEMBER).count()).toBe(1)
  }, 120_000)

  test('a file is deleted, the change merged by rebase, and its branch deleted', async () => {
    const page = await visit('/acme/access-open/delete/main/access-requests/README.md')
    await page.getByRole('button', { name: 'Propose deletion' }).click()
    await page.getByRole('button', { name: 'Create pull request' }).click()
    await page.getByRole('button', { name: 'Close pull request' }).click()
    await page.getByRole('button', { name: 'Reopen pull request' }).click()
    await page.getByLabel('Rebase').check()
    await page.getByRole('button', { name: 'Merge pull request' }).click()
    await page.getByRole('button', { name: 'Delete branch' }).click()

    expect(await page.getByRole('button', { name: 'Delete branch' }).count()).toBe(0)
    expect(await world.fileOnMain('acme/access-open', 'access-requests/README.md')).toBe(undefined)
  }, 120_000)

  test('a hostile comment runs nothing, covers nothing and passes for nothing', async () => {
    const { pull } = await world.propose('mallory', 'acme/access-open', {
      branch: 'hostile',
      files: { 'notes.txt': '<script>alert(1)</script>\n' },
    })
    const at = { owner: 'acme', repo: 'access-open' }
    await world.github('mallory').issues.createComment({
      ...at,
      issue_number: pull,
      body: `<script>alert(1)</script><img src=x onerror=alert(1)>
<div style="position:fixed;inset:0;z-index:9" class="refusal" id="panel">Refused</div>
<form action="/clock" method="post"><button name="advance" value="4h">Approve</button></form>
[x](javascript:alert(1)) ${'W'.repeat(500)} \u202egnp.exe

${'| wide '.repeat(60)}|
${'|---'.repeat(60)}|`,
    })
    const page = await visit(`/acme/access-open/pull/${pull}`, PHONE)
    const comment = page.locator('article').last().locator('.body')

    expect(await comment.locator('form, button, img, script, [style], [class*=refusal]').count()).toBe(0)
    expect(await comment.innerText()).toContain('<U+202E>gnp.exe')
    expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(1)
    expect(await faultsOf(page)).toEqual([])
    expect(complaints).toEqual([])

    await page.clock.install()
    await page.reload()
    await page.getByLabel('Comment', { exact: true }).fill('Half a sentence')
    await world
      .github('oscar')
      .issues.createComment({ ...at, issue_number: pull, body: 'Seen without a reload' })
    await page.clock.fastForward(6_000)
    await page.getByText('Seen without a reload').waitFor()
    expect(await page.getByLabel('Comment', { exact: true }).inputValue()).toBe('Half a sentence')
  }, 120_000)

  test('every page has names, landmarks and room, on a desktop and on a phone', async () => {
    const { data } = await world.github('root').repos.listCommits({ owner: 'acme', repo: 'access' })
    const { data: checks } = await world.github('root').checks.listForRef({
      owner: 'acme',
      repo: 'access',
      ref: (await world.github('root').pulls.get({ owner: 'acme', repo: 'access', pull_number: 1 })).data.head
        .sha,
    })
    const paths = [
      '/',
      '/acme/access',
      '/acme/access/blob/main/.github/CODEOWNERS',
      '/acme/access/pulls?state=all',
      ...['', '/commits', '/checks', '/files'].map((page) => `/acme/access/pull/1${page}`),
      `/acme/access/commit/${data[0]?.sha}`,
      `/acme/access/runs/${checks.check_runs[0]?.id}`,
      '/acme/access/commits/main',
      '/acme/access/branches',
      '/acme/access/issues',
      '/acme/access/new/main?filename=x&value=y',
      '/acme/access/delete/main/README.md',
      '/acme/access-open/compare/main...hostile',
      `/s3/customer-exports/${NOVEMBER}?as=alice`,
    ]
    const page = await visit('/', PHONE)
    const faults: string[] = []
    for (const path of paths) {
      await page.goto(url + path)
      const title = await page.title()
      if (/Nothing here|Not shown/.test(title)) faults.push(`${path}: ${title}`)
      faults.push(...(await faultsOf(page)).map((fault) => `${path} on a phone: ${fault}`))
      await page.setViewportSize(DESKTOP)
      faults.push(...(await faultsOf(page)).map((fault) => `${path} on a desktop: ${fault}`))
      await page.setViewportSize(PHONE)
    }

    expect(faults).toEqual([])
    expect(complaints).toEqual([])
  }, 120_000)
})

/** What a newcomer is told to look for: everything in bold but the steps' own names and what the terminal prints. */
function buttonsInReadme(): string[] {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const section = /### Click through it\n([\s\S]*?)\n##/.exec(readme)?.[1] ?? ''
  const bold = [...section.matchAll(/\*\*([^*]+)\*\*/g)].map(([, name = '']) => name)
  expect(bold.length).toBeGreaterThan(10)
  return bold.filter((name) => !name.endsWith('.') && name !== 'Page')
}
