/** Whose check runs count for people at a terminal, who are not told which app is Daypass: on GitHub every app writes checks of any name. */

export interface CheckOfApp {
  readonly app: { readonly id: number; readonly slug?: string | undefined } | null
}

/** Any workflow can write a check of any name, so what GitHub Actions wrote is nobody's word. */
const ACTIONS = 'github-actions'

/** Those of the one app that wrote any; where several did, who they are. */
export function ofOneApp<Check extends CheckOfApp>(checks: readonly Check[]): readonly Check[] | string {
  const written = checks.filter(({ app }) => app !== null && app.slug !== ACTIONS)
  const apps = new Map(written.flatMap(({ app }) => (app ? [[app.id, app.slug ?? 'an app']] : [])))
  if (apps.size < 2) return written
  return [...apps].map(([id, slug]) => `${slug}: ${id}`).join(', ')
}
