/** The app's operator file, as whoever runs the app would write it from what was installed. */
import { dump } from 'js-yaml'
import type { ReadyFile } from './ready.ts'
import { ACCOUNTS, ORGANIZATION, REGION, REPOSITORIES } from './seed.ts'
import { installedAccount, type Templates } from './seed-aws.ts'

export interface TrustedCommits {
  readonly protected: string
  readonly unprotected: string
}

/** Operators trust the rules and CODEOWNERS as they find them: here, the first commit of each repository. */
export async function readTrustedCommits(github: ReadyFile['github']): Promise<TrustedCommits> {
  const [protectedHead, unprotectedHead] = await Promise.all([
    readHead(github, github.repository),
    readHead(github, github.unprotected),
  ])
  return { protected: protectedHead, unprotected: unprotectedHead }
}

async function readHead({ url, tokens }: ReadyFile['github'], repository: string): Promise<string> {
  const response = await fetch(`${url}/api/v3/repos/${repository}/commits/main`, {
    headers: { authorization: `Bearer ${tokens.root}`, accept: 'application/vnd.github.sha' },
  })
  if (!response.ok) throw new Error(`the head of ${repository} could not be read: ${response.status}`)
  return response.text()
}

export function operatorFile(trusted: TrustedCommits, templates: Templates): string {
  const accounts = Object.fromEntries(
    (['prod', 'analytics'] as const).map((name) => {
      const { role, boundary } = installedAccount(name, templates)
      return [name, { id: ACCOUNTS[name].id, partition: 'aws', region: REGION, role, boundary }]
    }),
  )
  const entry = ({ id, name }: { id: number; name: string }, commit: string) => ({
    id,
    name: `${ORGANIZATION}/${name}`,
    trusted_commit: commit,
    accounts,
  })
  const repositories = [
    entry(REPOSITORIES.protected, trusted.protected),
    entry(REPOSITORIES.unprotected, trusted.unprotected),
  ]
  // Without aliases, which the app refuses in whatever it reads.
  return dump({ repositories }, { noRefs: true })
}
