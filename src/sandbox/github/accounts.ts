/** People take another name on GitHub, and others join under a name that is free again: nothing there follows the person by it. */
import { randomBytes } from 'node:crypto'
import { type User, userNamed, type World } from './world.ts'

export interface Accounts {
  /** What the account has and did stays its own; `undefined` where there is no such account, or the new name is taken. */
  rename(login: string, to: string): User | undefined
  /** A new account, in no organization and no team; undefined where the name is taken. */
  join(login: string): User | undefined
}

export function createAccounts(world: World): Accounts {
  return {
    rename(login, to) {
      const user = userNamed(world, login)
      if (!user || userNamed(world, to)) return undefined
      for (const { collaborators } of world.repositories.values()) {
        const level = collaborators.get(user.login)
        if (level === undefined) continue
        collaborators.delete(user.login)
        collaborators.set(to, level)
      }
      for (const { members } of world.teams.values()) if (members.delete(user.login)) members.add(to)
      world.users.delete(user.login.toLowerCase())
      user.login = to
      world.users.set(to.toLowerCase(), user)
      return user
    },
    join(login) {
      if (userNamed(world, login)) return undefined
      const user: User = {
        kind: 'user',
        login,
        id: world.nextId(),
        name: login,
        email: `${login}@new.example`,
        token: `ghp_${randomBytes(18).toString('hex')}`,
        organizationRole: 'outside',
      }
      world.users.set(login.toLowerCase(), user)
      return user
    },
  }
}
