/** Serves the pages: who may ask, which page is meant, what is wrong in words, and headers that keep scripts out. */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { BodyTooLarge, readBody } from '../http.ts'
import type { ReadyFile } from '../ready.ts'
import { createPeople } from '../tour-people.ts'
import { readAssets } from './assets.ts'
import { ControlRefused, createControl } from './control.ts'
import { createGitHub, refusalOf, statusOf } from './github.ts'
import { type Html, html, NOTHING } from './html.ts'
import { layout } from './layout.ts'
import { lookAtAccess } from './look-at-access.ts'
import { panel } from './panel.ts'
import { type FoundPage, findPage } from './router.ts'
import { pageRoutes } from './routes.ts'
import { BadForm, isOwnPath, NothingHere, type PageAnswer, type ShownPage, type Visit } from './visit.ts'

export type ServePage = (request: IncomingMessage, response: ServerResponse) => Promise<void>

const LARGEST_FORM = 2 * 1024 * 1024
const PERSON = 'sandbox-person'
const REFUSAL = 'sandbox-refusal'
const FIRST_PERSON = 'alice'
const KEPT_REFUSALS = 100

/** Nothing runs but the page's own small script, and nothing is fetched from elsewhere. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

export async function createPages(ready: ReadyFile): Promise<ServePage> {
  const assets = await readAssets()
  const routes = pageRoutes(assets)
  const githubAs = createGitHub(ready)
  const control = createControl(ready)
  const people = createPeople(ready)
  /** What GitHub refused, until the page that follows has shown it. */
  const refusals = new Map<string, string>()

  async function visitOf(request: IncomingMessage, url: URL, { params }: FoundPage): Promise<Visit> {
    const form = request.method === 'POST' ? await readForm(request) : new URLSearchParams()
    const login = personOf(request, ready)
    return {
      ready,
      login,
      github: githubAs(login),
      control,
      people,
      url,
      param: (name) => params.get(name) ?? '',
      field: (name) => form.get(name) ?? '',
      now: await control.now(),
    }
  }

  async function show(visit: Visit, page: ShownPage, refusal: string | undefined): Promise<string> {
    return layout(visit, page, {
      refusal,
      panel: page.status === 404 ? NOTHING : await look(visit),
    }).toString()
  }

  async function look(visit: Visit): Promise<Html> {
    const [access, app] = await Promise.all([
      lookAtAccess(ready, people).catch(refusalOf),
      control.app().catch(refusalOf),
    ])
    return panel(visit, access, app)
  }

  function redirect(answer: Extract<PageAnswer, { kind: 'redirect' }>, response: ServerResponse): void {
    const cookies: string[] = []
    if (answer.person !== undefined) cookies.push(cookie(PERSON, answer.person))
    if (answer.refusal !== undefined) {
      const id = randomBytes(12).toString('hex')
      refusals.set(id, answer.refusal)
      const [oldest] = refusals.keys()
      if (refusals.size > KEPT_REFUSALS && oldest !== undefined) refusals.delete(oldest)
      cookies.push(cookie(REFUSAL, id))
    }
    response.writeHead(303, { ...HEADERS, location: answer.to, 'set-cookie': cookies }).end()
  }

  return async (request, response) => {
    const send = (status: number, contentType: string, body: string | Buffer) =>
      response
        .writeHead(status, { ...HEADERS, 'content-type': contentType })
        .end(request.method === 'HEAD' ? undefined : body)
    const stranger = refuseStranger(request)
    if (stranger !== undefined) return void send(403, 'text/plain; charset=utf-8', `${stranger}\n`)
    const url = new URL(request.url ?? '/', ready.github.url)
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET')
    const found = findPage(routes, method, url.pathname) ?? nowhere
    let visit: Visit | undefined
    let answer: PageAnswer
    try {
      visit = await visitOf(request, url, found)
      answer = await found.route.answer(visit)
    } catch (error) {
      if (visit === undefined) {
        const status = error instanceof BodyTooLarge ? 413 : 500
        return void send(status, 'text/plain; charset=utf-8', `${refusalOf(error)}\n`)
      }
      answer = afterFailure(visit, error)
    }
    if (answer.kind === 'redirect') return redirect(answer, response)
    if (answer.kind === 'file') return void send(200, answer.contentType, answer.body)
    const id = cookieOf(request, REFUSAL) ?? ''
    const refusal = refusals.get(id)
    refusals.delete(id)
    const page = await show(visit, answer, refusal)
    send(answer.status ?? 200, 'text/html; charset=utf-8', page)
  }
}

const nowhere: FoundPage = {
  params: new Map(),
  route: {
    method: 'GET',
    pattern: /^$/,
    names: [],
    answer: () => {
      throw new NothingHere()
    },
  },
}

/** What a button could not do is said on the page it stands on; what a page could not show, in its place. */
function afterFailure(visit: Visit, error: unknown): PageAnswer {
  const status = error instanceof NothingHere ? 404 : statusOf(error)
  const isRefusal = status !== undefined || error instanceof ControlRefused || error instanceof BadForm
  const back = visit.field('back')
  if (isRefusal && isOwnPath(back))
    return { kind: 'redirect', to: back, refusal: refusalOf(error) || 'There is no such thing.' }
  if (status === 404)
    return {
      kind: 'page',
      status,
      title: 'Not found',
      main: html`<h1>Nothing here</h1>
        <p>There is no such page, or <b>${visit.login}</b> may not see it.</p>
        <p><a href="/">To the repositories</a></p>`,
    }
  return {
    kind: 'page',
    status: error instanceof BadForm ? 422 : isRefusal ? (status ?? 502) : 500,
    title: 'Not shown',
    main: html`<h1>This could not be done</h1>
      <p>${refusalOf(error)}</p>
      <p><a href="/">To the repositories</a></p>`,
  }
}

/** Keeps other sites out: by name (DNS rebinding), and by where a form was sent from; a browser always says that. */
function refuseStranger({ headers: { host = '', origin }, method }: IncomingMessage): string | undefined {
  if (!/^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/.test(host))
    return 'Only this machine may look at this page, by the address that it was started with.'
  const isForm = method !== 'GET' && method !== 'HEAD'
  if (isForm && origin !== `http://${host}`)
    return 'Forms are taken from this page only: send its own address as the Origin.'
  return undefined
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  return new URLSearchParams((await readBody(request, LARGEST_FORM)).toString())
}

function personOf(request: IncomingMessage, { github: { tokens } }: ReadyFile): string {
  const chosen = cookieOf(request, PERSON) ?? FIRST_PERSON
  return Object.hasOwn(tokens, chosen) ? chosen : FIRST_PERSON
}

function cookieOf({ headers: { cookie = '' } }: IncomingMessage, name: string): string | undefined {
  const prefix = `${name}=`
  return cookie
    .split('; ')
    .find((part) => part.startsWith(prefix))
    ?.slice(prefix.length)
}

function cookie(name: string, value: string): string {
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Strict`
}
