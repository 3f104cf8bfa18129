/** JSON shapes of commits, files and refs. */

import type { FileDiff } from './git-diff.ts'
import type { Commit, Identity } from './git-objects.ts'
import { type Json, nodeId, presentUserOrNull, timestamp } from './present-account.ts'
import { repositoryPage, repositoryUrl } from './present-repository.ts'
import { type Repository, userOfEmail, type World } from './world.ts'

export function presentCommit(world: World, repository: Repository, commit: Commit): Json {
  const { sha } = commit
  const url = repositoryUrl(world, repository, `/commits/${sha}`)
  return {
    sha,
    node_id: nodeId('Commit', sha),
    commit: {
      author: presentIdentity(commit.author),
      committer: presentIdentity(commit.committer),
      message: shownMessage(commit),
      tree: presentTreeLink(world, repository, commit.tree),
      url: repositoryUrl(world, repository, `/git/commits/${sha}`),
      comment_count: 0,
      verification: presentVerification(world, commit),
    },
    url,
    html_url: repositoryPage(world, repository, `/commit/${sha}`),
    comments_url: `${url}/comments`,
    author: presentUserOrNull(world, userOfEmail(world, commit.author.email)),
    committer: presentUserOrNull(world, userOfEmail(world, commit.committer.email)),
    parents: commit.parents.map((parent) => ({
      sha: parent,
      url: repositoryUrl(world, repository, `/commits/${parent}`),
      html_url: repositoryPage(world, repository, `/commit/${parent}`),
    })),
  }
}

export function presentGitCommit(world: World, repository: Repository, commit: Commit): Json {
  const { sha } = commit
  return {
    sha,
    node_id: nodeId('Commit', sha),
    url: repositoryUrl(world, repository, `/git/commits/${sha}`),
    html_url: repositoryPage(world, repository, `/commit/${sha}`),
    author: presentIdentity(commit.author),
    committer: presentIdentity(commit.committer),
    message: shownMessage(commit),
    tree: presentTreeLink(world, repository, commit.tree),
    parents: commit.parents.map((parent) => ({
      sha: parent,
      url: repositoryUrl(world, repository, `/git/commits/${parent}`),
      html_url: repositoryPage(world, repository, `/commit/${parent}`),
    })),
    verification: presentVerification(world, commit),
  }
}

function presentIdentity({ name, email, seconds }: Identity): Json {
  return { name, email, date: timestamp(seconds * 1000) }
}

/** GitHub leaves out the newline that git puts at the end. */
function shownMessage({ message }: Commit): string {
  return message.replace(/\n+$/, '')
}

function presentTreeLink(world: World, repository: Repository, sha: string): Json {
  return { sha, url: repositoryUrl(world, repository, `/git/trees/${sha}`) }
}

function presentVerification(world: World, commit: Commit): Json {
  if (!world.signedCommits.has(commit.sha)) {
    return { verified: false, reason: 'unsigned', signature: null, payload: null, verified_at: null }
  }
  return {
    verified: true,
    reason: 'valid',
    signature: '-----BEGIN PGP SIGNATURE-----\n\n(of the sandbox)\n-----END PGP SIGNATURE-----',
    payload: `tree ${commit.tree}\n`,
    verified_at: timestamp(commit.committer.seconds * 1000),
  }
}

export function presentFile(world: World, repository: Repository, diff: FileDiff, headSha: string): Json {
  const path = diff.path.split('/').map(encodeURIComponent).join('/')
  return {
    sha: diff.sha,
    filename: diff.path,
    status: diff.status,
    additions: diff.additions,
    deletions: diff.deletions,
    changes: diff.additions + diff.deletions,
    blob_url: repositoryPage(world, repository, `/blob/${headSha}/${path}`),
    raw_url: repositoryPage(world, repository, `/raw/${headSha}/${path}`),
    contents_url: repositoryUrl(world, repository, `/contents/${path}?ref=${headSha}`),
    ...(diff.previousPath === undefined ? {} : { previous_filename: diff.previousPath }),
    ...(diff.patch === undefined ? {} : { patch: diff.patch }),
  }
}

export function presentRef(
  world: World,
  repository: Repository,
  ref: string,
  sha: string,
  type = 'commit',
): Json {
  return {
    ref,
    node_id: nodeId('Ref', `${repository.id}:${ref}`),
    url: repositoryUrl(world, repository, `/git/${ref}`),
    object: { sha, type, url: repositoryUrl(world, repository, `/git/${type}s/${sha}`) },
  }
}

/** The short form that push and check suite events carry. */
export function presentSimpleCommit(commit: Commit): Json {
  const person = ({ name, email }: Identity) => ({ name, email })
  return {
    id: commit.sha,
    tree_id: commit.tree,
    message: shownMessage(commit),
    timestamp: timestamp(commit.committer.seconds * 1000),
    author: person(commit.author),
    committer: person(commit.committer),
  }
}
