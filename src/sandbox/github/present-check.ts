/** JSON shapes of check runs, check suites and commit statuses. */
import { type CheckState, checkState } from './check-state.ts'
import {
  type Json,
  nodeId,
  optionalTimestamp,
  presentAccount,
  presentApp,
  timestamp,
} from './present-account.ts'
import { presentPullMinimal } from './present-pull.ts'
import { repositoryPage, repositoryUrl } from './present-repository.ts'
import {
  type Annotation,
  type CheckRun,
  type CheckSuite,
  type CommitStatus,
  pullsOf,
  type Repository,
  type World,
} from './world.ts'

export function presentCheckRun(world: World, repository: Repository, run: CheckRun): Json {
  const url = repositoryUrl(world, repository, `/check-runs/${run.id}`)
  const page = repositoryPage(world, repository, `/runs/${run.id}`)
  const { status, conclusion, completedAt } = checkState(world, run)
  return {
    id: run.id,
    name: run.name,
    node_id: nodeId('CheckRun', run.id),
    head_sha: run.headSha,
    external_id: run.externalId,
    url,
    html_url: page,
    details_url: run.detailsUrl ?? page,
    status,
    conclusion,
    started_at: timestamp(run.startedAt),
    completed_at: optionalTimestamp(completedAt),
    output: {
      ...run.output,
      annotations_count: run.annotations.length,
      annotations_url: `${url}/annotations`,
    },
    check_suite: { id: run.suite.id },
    app: presentApp(world),
    pull_requests: pullRequestsAt(world, repository, run.headSha),
  }
}

/** Open pull requests from this repository whose head is the commit; those from forks are never named. */
function pullRequestsAt(world: World, repository: Repository, sha: string): Json[] {
  return pullsOf(repository)
    .filter(
      ({ state, pull }) => state === 'open' && pull.head.sha === sha && pull.head.repository === repository,
    )
    .map((issue) => presentPullMinimal(world, repository, issue))
}

export function presentAnnotation(
  world: World,
  repository: Repository,
  run: CheckRun,
  annotation: Annotation,
): Json {
  return {
    path: annotation.path,
    blob_href: repositoryPage(world, repository, `/blob/${run.headSha}/${annotation.path}`),
    start_line: annotation.startLine,
    end_line: annotation.endLine,
    start_column: annotation.startColumn,
    end_column: annotation.endColumn,
    annotation_level: annotation.level,
    title: annotation.title,
    message: annotation.message,
    raw_details: annotation.rawDetails,
  }
}

export function presentCheckSuite(world: World, repository: Repository, suite: CheckSuite): Json {
  const runs = [...repository.checkRuns.values()]
    .filter((run) => run.suite === suite)
    .map((run) => checkState(world, run))
  const done = !suite.rerequested && runs.length > 0 && runs.every(({ status }) => status === 'completed')
  const url = repositoryUrl(world, repository, `/check-suites/${suite.id}`)
  return {
    id: suite.id,
    node_id: nodeId('CheckSuite', suite.id),
    head_branch: suite.headBranch,
    head_sha: suite.headSha,
    status: done ? 'completed' : 'queued',
    conclusion: done ? suiteConclusion(runs) : null,
    url,
    before: suite.before,
    after: suite.headSha,
    pull_requests: pullRequestsAt(world, repository, suite.headSha),
    app: presentApp(world),
    created_at: timestamp(suite.createdAt),
    updated_at: timestamp(suite.createdAt),
    latest_check_runs_count: runs.length,
    check_runs_url: `${url}/check-runs`,
    rerequestable: true,
    runs_rerequestable: true,
  }
}

function suiteConclusion(runs: readonly CheckState[]): string {
  const bad = runs.find(({ conclusion }) => !['success', 'neutral', 'skipped'].includes(conclusion ?? ''))
  return bad?.conclusion ?? 'success'
}

export function presentStatus(world: World, repository: Repository, status: CommitStatus): Json {
  return { ...presentSimpleStatus(world, repository, status), creator: presentAccount(world, status.creator) }
}

export function presentSimpleStatus(world: World, repository: Repository, status: CommitStatus): Json {
  return {
    id: status.id,
    node_id: nodeId('Status', status.id),
    url: repositoryUrl(world, repository, `/statuses/${status.sha}`),
    avatar_url: `${world.url}/avatars/${status.creator.id}`,
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    context: status.context,
    created_at: timestamp(status.at),
    updated_at: timestamp(status.at),
  }
}
