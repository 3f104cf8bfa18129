/** The control's part that changes who is called what on GitHub: it has no call for that which anybody else may make. */
import { z } from 'zod'
import type { Handler } from './control.ts'
import { BadInput, readBodyAs } from './control-input.ts'
import type { Accounts } from './github/accounts.ts'

const login = z.string().regex(/^[a-z\d](?:[a-z\d]|-(?=[a-z\d])){0,38}$/i)
const order = z.union([z.strictObject({ rename: login, to: login }), z.strictObject({ join: login })])

export function accountHandlers(accounts: Accounts): [string, Handler][] {
  return [
    [
      'POST /accounts',
      ({ body }) => {
        const ordered = readBodyAs(
          body,
          order,
          '{"rename": "oscar", "to": "oscar-olsen"} or {"join": "oscar"}',
        )
        const user =
          'join' in ordered ? accounts.join(ordered.join) : accounts.rename(ordered.rename, ordered.to)
        if (!user) throw new BadInput('There is no such account, or the new name is taken.')
        return { status: 200, body: { login: user.login, id: user.id, token: user.token } }
      },
    ],
  ]
}
