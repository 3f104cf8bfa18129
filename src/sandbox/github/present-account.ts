/** JSON shapes of people, the organization, teams and the app. */
import { teamLevel, teamMembers } from './access.ts'
import {
  type Account,
  type Level,
  type Repository,
  type Team,
  type User,
  userNamed,
  type World,
} from './world.ts'

export type Json = Record<string, unknown>

export function apiUrl(world: World, path: string): string {
  return `${world.url}/api/v3${path}`
}

export function timestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`
}

export function optionalTimestamp(milliseconds: number | undefined): string | null {
  return milliseconds === undefined ? null : timestamp(milliseconds)
}

export function nodeId(kind: string, id: number | string): string {
  return Buffer.from(`${kind}:${id}`).toString('base64url')
}

const ACCOUNT_TYPES = { user: 'User', bot: 'Bot', organization: 'Organization' } as const

export function presentAccount(world: World, account: Account): Json {
  const { login, id, kind } = account
  const url = apiUrl(world, `/users/${encodeURIComponent(login)}`)
  return {
    login,
    id,
    node_id: nodeId(ACCOUNT_TYPES[kind], id),
    avatar_url: `${world.url}/avatars/${id}`,
    gravatar_id: '',
    url,
    html_url: kind === 'bot' ? `${world.url}/apps/${world.app.slug}` : `${world.url}/${login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: ACCOUNT_TYPES[kind],
    user_view_type: 'public',
    site_admin: false,
  }
}

export function presentUserOrNull(world: World, user: User | undefined): Json | null {
  return user ? presentAccount(world, user) : null
}

export function presentPublicUser(world: World, user: User): Json {
  return {
    ...presentAccount(world, user),
    name: user.name,
    company: null,
    blog: '',
    location: null,
    email: null,
    hireable: null,
    bio: null,
    twitter_username: null,
    public_repos: 0,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: timestamp(world.startedAt),
    updated_at: timestamp(world.startedAt),
  }
}

export function presentPrivateUser(world: World, user: User): Json {
  return {
    ...presentPublicUser(world, user),
    email: user.email,
    private_gists: 0,
    total_private_repos: 0,
    owned_private_repos: 0,
    disk_usage: 0,
    collaborators: 0,
    two_factor_authentication: true,
  }
}

export function presentOrganization(world: World): Json {
  const { login, id } = world.organization
  const url = apiUrl(world, `/orgs/${login}`)
  return {
    login,
    id,
    node_id: nodeId('Organization', id),
    url,
    repos_url: `${url}/repos`,
    events_url: `${url}/events`,
    hooks_url: `${url}/hooks`,
    issues_url: `${url}/issues`,
    members_url: `${url}/members{/member}`,
    public_members_url: `${url}/public_members{/member}`,
    avatar_url: `${world.url}/avatars/${id}`,
    description: null,
  }
}

export function presentOrganizationMembership(world: World, user: User): Json {
  const organization = presentOrganization(world)
  return {
    url: apiUrl(world, `/orgs/${world.organization.login}/memberships/${user.login}`),
    state: 'active',
    role: user.organizationRole,
    organization_url: organization.url,
    organization,
    user: presentAccount(world, user),
  }
}

const TEAM_PERMISSION: Readonly<Record<Level, string>> = {
  none: 'pull',
  read: 'pull',
  triage: 'triage',
  write: 'push',
  maintain: 'maintain',
  admin: 'admin',
}

export function presentTeamSimple(world: World, team: Team): Json {
  const url = apiUrl(world, `/organizations/${world.organization.id}/team/${team.id}`)
  return {
    id: team.id,
    node_id: nodeId('Team', team.id),
    name: team.slug,
    slug: team.slug,
    description: null,
    privacy: 'closed',
    notification_setting: 'notifications_enabled',
    permission: 'pull',
    url,
    html_url: `${world.url}/orgs/${world.organization.login}/teams/${team.slug}`,
    members_url: `${url}/members{/member}`,
    repositories_url: `${url}/repos`,
    type: 'organization',
    organization_id: world.organization.id,
  }
}

export function presentTeam(world: World, team: Team, repository?: Repository): Json {
  const level = repository && teamLevel(world, repository, team)
  return {
    ...presentTeamSimple(world, team),
    parent: presentParent(world, team),
    ...(level ? { permission: TEAM_PERMISSION[level], permissions: presentLevel(level) } : {}),
  }
}

export function presentTeamFull(world: World, team: Team): Json {
  return {
    ...presentTeam(world, team),
    members_count: teamMembers(world, team).length,
    repos_count: [...world.repositories.values()].filter((r) => teamLevel(world, r, team) !== 'none').length,
    created_at: timestamp(world.startedAt),
    updated_at: timestamp(world.startedAt),
    organization: {
      ...presentOrganization(world),
      html_url: `${world.url}/${world.organization.login}`,
      has_organization_projects: false,
      has_repository_projects: false,
      public_repos: 0,
      public_gists: 0,
      followers: 0,
      following: 0,
      type: 'Organization',
      created_at: timestamp(world.startedAt),
      updated_at: timestamp(world.startedAt),
      archived_at: null,
    },
  }
}

function presentParent(world: World, team: Team): Json | null {
  const parent = team.parent === undefined ? undefined : world.teams.get(team.parent)
  return parent ? presentTeamSimple(world, parent) : null
}

/** A level as GitHub's five flags. */
export function presentLevel(level: Level): Json {
  const rank = ['none', 'read', 'triage', 'write', 'maintain', 'admin'].indexOf(level)
  return { admin: rank >= 5, maintain: rank >= 4, push: rank >= 3, triage: rank >= 2, pull: rank >= 1 }
}

export function presentApp(world: World): Json {
  const { app } = world
  return {
    id: app.id,
    slug: app.slug,
    client_id: app.clientId,
    node_id: nodeId('Integration', app.id),
    owner: presentAccount(world, world.organization),
    name: app.slug,
    description: null,
    external_url: `${world.url}/apps/${app.slug}`,
    html_url: `${world.url}/apps/${app.slug}`,
    created_at: timestamp(world.startedAt),
    updated_at: timestamp(world.startedAt),
    permissions: app.permissions,
    events: app.events,
  }
}

/** What is written in the app's name says so. */
export function presentAppOf(world: World, user: User): Json | null {
  return userNamed(world, user.login) === world.bot ? presentApp(world) : null
}

export function presentInstallation(world: World): Json {
  const { app, organization, suspension } = world
  return {
    id: app.installationId,
    account: presentAccount(world, organization),
    repository_selection: 'selected',
    access_tokens_url: apiUrl(world, `/app/installations/${app.installationId}/access_tokens`),
    repositories_url: apiUrl(world, '/installation/repositories'),
    html_url: `${world.url}/organizations/${organization.login}/settings/installations/${app.installationId}`,
    app_id: app.id,
    app_slug: app.slug,
    client_id: app.clientId,
    target_id: organization.id,
    target_type: 'Organization',
    permissions: app.permissions,
    events: app.events,
    created_at: timestamp(world.startedAt),
    updated_at: timestamp(world.startedAt),
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: presentUserOrNull(world, suspension?.by),
    suspended_at: optionalTimestamp(suspension?.at),
  }
}
