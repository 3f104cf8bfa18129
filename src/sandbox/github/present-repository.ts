/** JSON shapes of repositories, branches and rules. */
import { levelOf } from './access.ts'
import type { Actor } from './auth.ts'
import { apiUrl, type Json, nodeId, presentAccount, presentLevel, timestamp } from './present-account.ts'
import { RULESET_NAME, type Rule, rulesetId } from './protection.ts'
import { fullName, type Level, type Repository, type World } from './world.ts'

export function repositoryUrl(world: World, repository: Repository, path = ''): string {
  return apiUrl(world, `/repos/${fullName(repository)}${path}`)
}

export function repositoryPage(world: World, repository: Repository, path = ''): string {
  return `${world.url}/${fullName(repository)}${path}`
}

/** The shape every mention of a repository shares. */
export function presentRepository(world: World, repository: Repository): Json {
  const openIssues = [...repository.issues.values()].filter(({ state }) => state === 'open').length
  return {
    id: repository.id,
    node_id: nodeId('Repository', repository.id),
    name: repository.name,
    full_name: fullName(repository),
    private: repository.private,
    owner: presentAccount(world, repository.owner),
    html_url: repositoryPage(world, repository),
    description: null,
    fork: repository.parent !== undefined,
    ...urlsOf(world, repository),
    created_at: timestamp(repository.createdAt),
    updated_at: timestamp(repository.pushedAt),
    pushed_at: timestamp(repository.pushedAt),
    homepage: null,
    size: 1,
    stargazers_count: 0,
    watchers_count: 0,
    language: null,
    has_issues: true,
    has_projects: false,
    has_downloads: false,
    has_wiki: false,
    has_pages: false,
    has_discussions: false,
    forks_count: 0,
    mirror_url: null,
    archived: false,
    disabled: false,
    open_issues_count: openIssues,
    license: null,
    allow_forking: true,
    is_template: false,
    web_commit_signoff_required: false,
    topics: [],
    visibility: repository.private ? 'private' : 'public',
    forks: 0,
    open_issues: openIssues,
    watchers: 0,
    default_branch: repository.defaultBranch,
    ...MERGE_SETTINGS,
    allow_auto_merge: repository.allowAutoMerge,
  }
}

const MERGE_SETTINGS = {
  allow_squash_merge: true,
  allow_merge_commit: true,
  allow_rebase_merge: true,
  delete_branch_on_merge: false,
  allow_update_branch: true,
  use_squash_pr_title_as_default: false,
  squash_merge_commit_title: 'COMMIT_OR_PR_TITLE',
  squash_merge_commit_message: 'COMMIT_MESSAGES',
  merge_commit_title: 'MERGE_MESSAGE',
  merge_commit_message: 'PR_TITLE',
} as const

export function presentFullRepository(world: World, repository: Repository, actor: Actor): Json {
  const parent = repository.parent && presentRepository(world, repository.parent)
  return {
    ...presentRepository(world, repository),
    permissions: presentLevel(visibleLevel(world, repository, actor)),
    network_count: 0,
    subscribers_count: 0,
    organization: repository.owner.kind === 'organization' ? presentAccount(world, repository.owner) : null,
    ...(parent ? { parent, source: parent } : {}),
  }
}

function visibleLevel(world: World, repository: Repository, actor: Actor): Level {
  if (actor.kind === 'user') return levelOf(world, repository, actor.user)
  if (actor.kind === 'installation' && actor.grant.permissions.contents === 'write') return 'write'
  return 'read'
}

/** Paths below the repository's own address, by the field that names them. */
const URL_PATHS = {
  archive_url: '/{archive_format}{/ref}',
  assignees_url: '/assignees{/user}',
  blobs_url: '/git/blobs{/sha}',
  branches_url: '/branches{/branch}',
  collaborators_url: '/collaborators{/collaborator}',
  comments_url: '/comments{/number}',
  commits_url: '/commits{/sha}',
  compare_url: '/compare/{base}...{head}',
  contents_url: '/contents/{+path}',
  contributors_url: '/contributors',
  deployments_url: '/deployments',
  downloads_url: '/downloads',
  events_url: '/events',
  forks_url: '/forks',
  git_commits_url: '/git/commits{/sha}',
  git_refs_url: '/git/refs{/sha}',
  git_tags_url: '/git/tags{/sha}',
  hooks_url: '/hooks',
  issue_comment_url: '/issues/comments{/number}',
  issue_events_url: '/issues/events{/number}',
  issues_url: '/issues{/number}',
  keys_url: '/keys{/key_id}',
  labels_url: '/labels{/name}',
  languages_url: '/languages',
  merges_url: '/merges',
  milestones_url: '/milestones{/number}',
  notifications_url: '/notifications{?since,all,participating}',
  pulls_url: '/pulls{/number}',
  releases_url: '/releases{/id}',
  stargazers_url: '/stargazers',
  statuses_url: '/statuses/{sha}',
  subscribers_url: '/subscribers',
  subscription_url: '/subscription',
  tags_url: '/tags',
  teams_url: '/teams',
  trees_url: '/git/trees{/sha}',
} as const

function urlsOf(world: World, repository: Repository): Json {
  const page = repositoryPage(world, repository)
  const host = new URL(world.url).host
  return {
    url: repositoryUrl(world, repository),
    ...Object.fromEntries(
      Object.entries(URL_PATHS).map(([field, path]) => [field, repositoryUrl(world, repository, path)]),
    ),
    git_url: `git://${host}/${fullName(repository)}.git`,
    ssh_url: `git@${host}:${fullName(repository)}.git`,
    clone_url: `${page}.git`,
    svn_url: page,
  }
}

export function presentBranch(world: World, repository: Repository, name: string, commit: Json): Json {
  const self = repositoryUrl(world, repository, `/branches/${encodeURIComponent(name)}`)
  return {
    name,
    commit,
    _links: { self, html: repositoryPage(world, repository, `/tree/${name}`) },
    protected: repository.protection !== undefined && name === repository.defaultBranch,
    // Rulesets are not classic branch protection: GitHub shows the latter as switched off.
    protection: {
      enabled: false,
      required_status_checks: { enforcement_level: 'off', contexts: [], checks: [] },
    },
    protection_url: `${self}/protection`,
  }
}

export function presentRuleOnBranch(repository: Repository, rule: Rule): Json {
  return {
    ...rule,
    ruleset_source_type: 'Repository',
    ruleset_source: fullName(repository),
    ruleset_id: rulesetId(repository),
  }
}

export function presentRuleset(world: World, repository: Repository): Json {
  const id = rulesetId(repository)
  return {
    id,
    name: RULESET_NAME,
    target: 'branch',
    source_type: 'Repository',
    source: fullName(repository),
    enforcement: 'active',
    node_id: nodeId('RepositoryRuleset', id),
    created_at: timestamp(repository.createdAt),
    updated_at: timestamp(repository.createdAt),
    _links: {
      self: { href: repositoryUrl(world, repository, `/rulesets/${id}`) },
      html: { href: repositoryPage(world, repository, `/rules/${id}`) },
    },
  }
}

/** Who may bypass is shown only to those who administer the repository. */
export function presentRulesetInFull(
  world: World,
  repository: Repository,
  rules: readonly Rule[],
  showsBypass: boolean,
): Json {
  const actors = repository.protection?.bypassForPullRequests ?? []
  return {
    ...presentRuleset(world, repository),
    conditions: { ref_name: { include: ['~DEFAULT_BRANCH'], exclude: [] } },
    rules,
    ...(showsBypass
      ? {
          bypass_actors: actors.map((actor) =>
            actor === 'app'
              ? { actor_id: world.app.id, actor_type: 'Integration', bypass_mode: 'pull_request' }
              : { actor_id: ADMIN_ROLE, actor_type: 'RepositoryRole', bypass_mode: 'pull_request' },
          ),
        }
      : {}),
  }
}

/** GitHub's id of the repository role "admin". */
const ADMIN_ROLE = 5
