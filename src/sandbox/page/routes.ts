/** Every page and every form there is; the first that matches is meant. */
import type { Assets } from './assets.ts'
import { checkPages } from './checks.ts'
import { codePages } from './code.ts'
import { commitPages } from './commits.ts'
import { comparePages } from './compare.ts'
import { editPages } from './edit-file.ts'
import { homePages } from './home.ts'
import { issuePages } from './issues.ts'
import { objectPages } from './object.ts'
import { orderForms } from './orders.ts'
import { pullForms } from './pull-forms.ts'
import { pullPages } from './pulls.ts'
import { get, type PageRoute } from './router.ts'

export function pageRoutes(assets: Assets): readonly PageRoute[] {
  return [
    get('/assets/page.css', () => file('text/css; charset=utf-8', assets.style)),
    get('/assets/live.js', () => file('text/javascript; charset=utf-8', assets.script)),
    ...homePages,
    ...orderForms,
    ...objectPages,
    ...pullPages,
    ...pullForms,
    ...checkPages,
    ...issuePages,
    ...editPages,
    ...comparePages,
    ...commitPages,
    ...codePages,
  ]
}

function file(contentType: string, body: string) {
  return { kind: 'file', contentType, body } as const
}
