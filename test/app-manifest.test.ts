import { readdirSync, readFileSync } from 'node:fs'
import { load } from 'js-yaml'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { WAKING_EVENTS } from '../src/index.ts'

type Access = 'read' | 'write'
type Permission = `${string}:${Access}`

const GITHUB = new URL('../src/github/', import.meta.url)

const manifest = z
  .object({
    default_events: z.array(z.string()),
    default_permissions: z.record(z.string(), z.enum(['read', 'write'])),
  })
  .parse(load(readFileSync(new URL('../app.yml', import.meta.url), 'utf8')))

/** What GitHub's documentation asks of an app for each operation that the code calls. */
const NEEDED: Readonly<Record<string, readonly Permission[]>> = {
  'apps.listInstallations': [],
  'apps.listReposAccessibleToInstallation': ['metadata:read'],
  'apps.listWebhookDeliveries': [],
  'apps.redeliverWebhookDelivery': [],
  'checks.create': ['checks:write'],
  'checks.listForRef': ['checks:read'],
  'checks.update': ['checks:write'],
  'git.createCommit': ['contents:write'],
  'git.createRef': ['contents:write'],
  'git.createTree': ['contents:write'],
  'git.deleteRef': ['contents:write'],
  'git.getBlob': ['contents:read'],
  'git.getCommit': ['contents:read'],
  'git.getRef': ['contents:read'],
  'git.getTree': ['contents:read'],
  'git.listMatchingRefs': ['contents:read'],
  'git.updateRef': ['contents:write'],
  'issues.addLabels': ['pull_requests:write'],
  'issues.create': ['issues:write'],
  'issues.createComment': ['pull_requests:write'],
  'issues.createLabel': ['pull_requests:write'],
  'issues.deleteComment': ['pull_requests:write'],
  'issues.listComments': ['pull_requests:read'],
  'issues.listCommentsForRepo': ['pull_requests:read'],
  'issues.listEvents': ['pull_requests:read'],
  'issues.listForRepo': ['pull_requests:read'],
  'issues.listLabelsOnIssue': ['pull_requests:read'],
  'issues.removeLabel': ['pull_requests:write'],
  'issues.update': ['issues:write'],
  'issues.updateComment': ['pull_requests:write'],
  'pulls.create': ['pull_requests:write'],
  'pulls.get': ['pull_requests:read'],
  'pulls.list': ['pull_requests:read'],
  'pulls.listCommits': ['pull_requests:read'],
  'pulls.listFiles': ['pull_requests:read'],
  'pulls.listReviews': ['pull_requests:read'],
  'pulls.merge': ['contents:write'],
  'pulls.requestReviewers': ['pull_requests:write'],
  'pulls.update': ['pull_requests:write'],
  'repos.compareCommitsWithBasehead': ['contents:read'],
  'repos.deleteFile': ['contents:write'],
  'repos.get': ['metadata:read'],
  'repos.getCollaboratorPermissionLevel': ['metadata:read'],
  'repos.listActivities': ['contents:read'],
  'repos.listCommits': ['contents:read'],
  'repos.listPullRequestsAssociatedWithCommit': ['pull_requests:read'],
  'teams.checkPermissionsForRepoInOrg': ['members:read', 'metadata:read'],
  'teams.getByName': ['members:read'],
  'teams.listMembersInOrg': ['members:read'],
}

/** Without it GitHub does not let an app subscribe. */
const NEEDED_TO_HEAR: Readonly<Record<string, Permission>> = {
  check_run: 'checks:read',
  check_suite: 'checks:read',
  create: 'contents:read',
  delete: 'contents:read',
  issue_comment: 'issues:read',
  member: 'members:read',
  membership: 'members:read',
  merge_group: 'merge_queues:read',
  organization: 'members:read',
  pull_request: 'pull_requests:read',
  pull_request_review: 'pull_requests:read',
  push: 'contents:read',
  repository: 'metadata:read',
  team: 'members:read',
}

/** `checks.create` of each Octokit method that the code names, whether through `octokit.rest` or a part taken out of it. */
function operationsOf(source: string): string[] {
  const direct = [...source.matchAll(/\brest\s*\.\s*(\w+)\s*\.\s*(\w+)/g)].map(
    ([, part, name]) => `${part}.${name}`,
  )
  const parts = [...source.matchAll(/const \{([^}]+)\} = \w+(?:\.\w+)*\.rest\b/g)].flatMap(([, names = '']) =>
    names.split(',').map((name) => name.trim()),
  )
  const taken = parts.flatMap((part) =>
    [...source.matchAll(new RegExp(`(?<![.\\w])${part}\\s*\\.\\s*(\\w+)`, 'g'))].map(
      ([, name]) => `${part}.${name}`,
    ),
  )
  return [...direct, ...taken]
}

function sorted(items: Iterable<string>): string[] {
  return [...new Set(items)].sort()
}

/** The most of each: to write is to read as well. */
function together(permissions: readonly Permission[]): Record<string, Access> {
  const asked: Record<string, Access> = {}
  for (const permission of permissions) {
    const [name = '', access] = permission.split(':')
    if (asked[name] !== 'write') asked[name] = access === 'write' ? 'write' : 'read'
  }
  return asked
}

const operations = sorted(
  readdirSync(GITHUB)
    .map((file) => readFileSync(new URL(file, GITHUB), 'utf8'))
    .flatMap(operationsOf),
)

describe('the manifest of the GitHub App', () => {
  test('subscribes to the events that wake the loop and to re-run checks, and to nothing else', () => {
    expect(sorted(manifest.default_events)).toEqual(sorted([...WAKING_EVENTS, 'check_run', 'check_suite']))
  })

  test('asks for exactly what the calls of the code and the events need', () => {
    const needed = [
      ...operations.flatMap((operation) => NEEDED[operation] ?? []),
      ...manifest.default_events.flatMap((event) => NEEDED_TO_HEAR[event] ?? []),
    ]

    expect(manifest.default_permissions).toEqual(together(needed))
  })
})

describe('the tables of this test', () => {
  test('know every operation that the code calls, and none that it does not', () => {
    expect(operations).toEqual(Object.keys(NEEDED).sort())
  })

  test('know every event', () => {
    expect(sorted(manifest.default_events)).toEqual(Object.keys(NEEDED_TO_HEAR).sort())
  })
})
