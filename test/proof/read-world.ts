/** All that a repository and its accounts hold at one moment, without what differs from one repository to the next. */
import { named } from '../../src/sandbox/tour-people.ts'
import { listRoles, readRole } from '../support/iam-state.ts'
import type { Place, Stage } from './stage.ts'

const ENDED = 'daypass-ended'
const NOVEMBER = 'exports/2026/11/orders.csv'

/** One line for each thing there is, sorted. */
export async function readWorld(stage: Stage, place: Place): Promise<readonly string[]> {
  const [roles, gitHub] = await Promise.all([readRoles(stage, place), readGitHub(stage, place)])
  return [...roles, ...gitHub].map((line) => general(line, place)).sort()
}

async function readRoles(stage: Stage, { id }: Place): Promise<string[]> {
  const iam = stage.iam('root')
  const arns = (await listRoles(iam)).filter((arn) => arn.includes(`/daypass/${id.toString(36)}/`))
  return Promise.all(
    arns.map(async (arn) => {
      const [role, reads] = await Promise.all([readRole(iam, arn), readWith(stage, arn)])
      const denied = role?.policies[ENDED]
      // Beside what denies everything nothing else in a role matters: it may have been emptied, too.
      const shown = denied === undefined ? role : { ...role, policies: { [ENDED]: denied } }
      return `role ${JSON.stringify(shown)}; alice reads with it: ${reads}`
    }),
  )
}

async function readWith(stage: Stage, arn: string): Promise<string> {
  const session = await stage.assume('alice', arn)
  if (session.kind === 'denied') return 'not let in'
  return (await stage.read(session.value, 'customer-exports', NOVEMBER)).kind
}

async function readGitHub(stage: Stage, { name }: Place): Promise<string[]> {
  const root = stage.github('root')
  const at = named(name)
  const [pulls, branches, tree, commits] = await Promise.all([
    root.pulls.list({ ...at, state: 'all', per_page: 100 }),
    root.git.listMatchingRefs({ ...at, ref: 'heads/' }),
    root.git.getTree({ ...at, tree_sha: 'main', recursive: '1' }),
    root.repos.listCommits({ ...at, sha: 'main', per_page: 100 }),
  ])
  const ofPulls = await Promise.all(
    pulls.data.map(async (pull) => {
      const { data } = await root.issues.listComments({ ...at, issue_number: pull.number, per_page: 100 })
      const state = pull.merged_at === null ? pull.state : 'merged'
      return [
        `pull request #${pull.number} ${state}: ${pull.title}\n${pull.body}`,
        ...data.map(({ user, body }) => `comment on #${pull.number} of ${user?.login}: ${body}`),
      ]
    }),
  )
  const ofCommits = await Promise.all(
    commits.data.map(async ({ sha, commit }) => {
      const { data } = await root.checks.listForRef({ ...at, ref: sha, filter: 'all', per_page: 100 })
      // Whether the app's own pull request is checked hangs on whether a look falls while it is open.
      const lasting = data.check_runs.filter((run) => run.name === 'Daypass / grant')
      const checks = lasting.map(
        ({ name, status, conclusion, output, external_id }) =>
          `check ${name} ${external_id} ${status} ${conclusion} on "${commit.message}": ${JSON.stringify(output)}`,
      )
      return [`commit of ${commit.author?.name}: ${commit.message}`, ...checks]
    }),
  )
  return [
    ...ofPulls.flat(),
    ...ofCommits.flat(),
    ...branches.data.map((branch) => `branch ${branch.ref}`),
    ...tree.data.tree.map(({ path, sha, mode }) => `file ${path} ${mode} ${sha}`),
  ]
}

/** Ids and what is made from them: two repositories in which the same happened read the same. */
function general(line: string, { id, name }: Place): string {
  return line
    .replaceAll(name, 'REPOSITORY')
    .replaceAll(`/daypass/${id.toString(36)}/`, '/daypass/ID/')
    .replaceAll(`%2F${id.toString(36)}%2F`, '%2FID%2F')
    .replaceAll(`"daypass:repository":"${id}"`, '"daypass:repository":"ID"')
    .replaceAll(`Daypass-Repository: ${id}`, 'Daypass-Repository: ID')
    .replace(/Daypass-Signature: \S+/g, 'Daypass-Signature: SIGNATURE')
    .replace(/127\.0\.0\.1:\d+/g, 'HOST')
    .replace(/^file .*?$/, (file) => file.replace(/(040000 )[0-9a-f]{40}$/, '$1TREE'))
    .replace(/^((?!file ).*)$/s, (other) => other.replace(/\b[0-9a-f]{40}\b/g, 'SHA'))
    .replace(/\b[0-9a-f]{20}\b/g, 'HASH')
    .replace(/"(annotations_url)":"[^"]*"/g, '"$1":""')
    .replace(/check-runs\/\d+|runs\/\d+|issuecomment-\d+/g, 'NUMBER')
}
