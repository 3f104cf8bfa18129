/** What the buttons of a pull request do: each is one call of the REST API, as the person who pressed it. */
import type { Octokit } from '@octokit/rest'
import { type PageRoute, post } from './router.ts'
import {
  afterwards,
  BadForm,
  numberIn,
  type PageAnswer,
  type Place,
  pathTo,
  placeOf,
  type Visit,
} from './visit.ts'

export const pullForms: readonly PageRoute[] = [
  post('/:owner/:repo/pull/:number/answer', answer),
  post('/:owner/:repo/pull/:number/merge', merge),
  post('/:owner/:repo/pull/:number/reopen', (visit) => setState(visit, 'open')),
  post('/:owner/:repo/pull/:number/update-branch', updateBranch),
  post('/:owner/:repo/pull/:number/dismiss', dismiss),
  post('/:owner/:repo/pull/:number/ready', (visit) => press(visit, 'ready')),
  post('/:owner/:repo/pull/:number/draft', (visit) => press(visit, 'draft')),
]

type NumberedPull = Place & { readonly pull_number: number }

function pullOf(visit: Visit): NumberedPull {
  return { ...placeOf(visit), pull_number: numberIn(visit, 'number') }
}

const REVIEWS = { approve: 'APPROVE', changes: 'REQUEST_CHANGES' } as const

async function answer(visit: Visit): Promise<PageAnswer> {
  const { github } = visit
  const pull = pullOf(visit)
  const [event, body, commit] = [visit.field('event'), visit.field('body'), visit.field('commit')]
  switch (event) {
    case 'approve':
    case 'changes':
      if (event === 'changes' && body.trim() === '')
        throw new BadForm('Say in the comment what should be changed.')
      await github.pulls.createReview({ ...pull, event: REVIEWS[event], body, commit_id: commit })
      break
    case 'comment':
      if (body.trim() === '') throw new BadForm('Write a comment first.')
      await addComment(github, pull, body)
      break
    case 'close':
      if (body.trim() !== '') await addComment(github, pull, body)
      await github.pulls.update({ ...pull, state: 'closed' })
      break
    default:
      throw new BadForm('There is no such answer.')
  }
  return afterwards(visit)
}

async function addComment(
  github: Octokit,
  { pull_number, ...at }: NumberedPull,
  body: string,
): Promise<void> {
  await github.issues.createComment({ ...at, issue_number: pull_number, body })
}

const METHODS = ['merge', 'squash', 'rebase'] as const

async function merge(visit: Visit): Promise<PageAnswer> {
  const merge_method = METHODS.find((method) => method === visit.field('method'))
  if (merge_method === undefined) throw new BadForm('Choose one of the three ways to merge.')
  await visit.github.pulls.merge({ ...pullOf(visit), merge_method, sha: visit.field('sha') })
  return afterwards(visit)
}

async function setState(visit: Visit, state: 'open' | 'closed'): Promise<PageAnswer> {
  await visit.github.pulls.update({ ...pullOf(visit), state })
  return afterwards(visit)
}

async function updateBranch(visit: Visit): Promise<PageAnswer> {
  await visit.github.pulls.updateBranch(pullOf(visit))
  return afterwards(visit)
}

async function dismiss(visit: Visit): Promise<PageAnswer> {
  const review_id = Number(visit.field('review'))
  const message = visit.field('message')
  await visit.github.pulls.dismissReview({ ...pullOf(visit), review_id, message })
  return afterwards(visit)
}

/** Buttons that GitHub's REST API has no operation for: the sandbox takes them at their own address. */
async function press(visit: Visit, button: 'ready' | 'draft'): Promise<PageAnswer> {
  const { pull_number, ...at } = pullOf(visit)
  await visit.github.request(`POST ${visit.ready.github.url}${pathTo(at, 'pull', pull_number, button)}`)
  return afterwards(visit)
}
