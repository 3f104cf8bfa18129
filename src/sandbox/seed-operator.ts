/** The app's operator file, as whoever runs the app would write it from what was installed. */
import { dump } from 'js-yaml'
import type { ReadyFile } from './ready.ts'
import { ACCOUNTS, type AccessRepository, ORGANIZATION, REGION } from './seed.ts'
import { installedAccount, type Templates } from './seed-aws.ts'

/** Sha by the name of a repository. */
export type TrustedCommits = ReadonlyMap<string, string>

/** Operators trust the rules and CODEOWNERS as they find them: here, the first commit of each repository. */
export async function readTrustedCommits(
  github: ReadyFile['github'],
  repositories: readonly AccessRepository[],
): Promise<TrustedCommits> {
  const read = async ({ name }: AccessRepository) => [name, await readHead(github, name)] as const
  return new Map(await Promise.all(repositories.map(read)))
}

async function readHead({ url, tokens }: ReadyFile['github'], name: string): Promise<string> {
  const response = await fetch(`${url}/api/v3/repos/${ORGANIZATION}/${name}/commits/main`, {
    headers: { authorization: `Bearer ${tokens.root}`, accept: 'application/vnd.github.sha' },
  })
  if (!response.ok) throw new Error(`the head of ${name} could not be read: ${response.status}`)
  return response.text()
}

export function operatorFile(
  trusted: TrustedCommits,
  templates: Templates,
  repositories: readonly AccessRepository[],
): string {
  const accountOf = (name: keyof typeof ACCOUNTS) => {
    const { role, boundary } = installedAccount(name, templates)
    return { id: ACCOUNTS[name].id, partition: 'aws', region: REGION, role, boundary }
  }
  const known = { prod: accountOf('prod'), analytics: accountOf('analytics') }
  const entries = repositories.map(({ id, name, accounts }) => ({
    id,
    name: `${ORGANIZATION}/${name}`,
    trusted_commit: trusted.get(name),
    accounts: Object.fromEntries(accounts.map((account) => [account, known[account]])),
  }))
  // Without aliases, which the app refuses in whatever it reads.
  return dump({ repositories: entries }, { noRefs: true })
}
