/** Steps that many tests take: put a file on a branch, open a pull request, let the check pass. */
import type { Octokit } from '@octokit/rest'

export type Place = {
  readonly owner: string
  readonly repo: string
}

export const OPEN: Place = { owner: 'acme', repo: 'open' }
export const GUARDED: Place = { owner: 'acme', repo: 'guarded' }

export async function addBranch(who: Octokit, place: Place, branch: string, from = 'main'): Promise<string> {
  const { data } = await who.git.getRef({ ...place, ref: `heads/${from}` })
  await who.git.createRef({ ...place, ref: `refs/heads/${branch}`, sha: data.object.sha })
  return data.object.sha
}

export async function putFile(
  who: Octokit,
  place: Place,
  branch: string,
  path: string,
  text: string,
  sha?: string,
) {
  const content = Buffer.from(text).toString('base64')
  const message = `Write ${path}`
  const { data } = await who.repos.createOrUpdateFileContents({
    ...place,
    branch,
    path,
    message,
    content,
    ...(sha ? { sha } : {}),
  })
  return { commit: String(data.commit.sha), blob: String(data.content?.sha) }
}

/** A branch with one new file, and a pull request for it. */
export async function propose(who: Octokit, place: Place, name: string, path = `${name}.txt`) {
  await addBranch(who, place, name)
  await putFile(who, place, name, path, `of ${name}\n`)
  const { data } = await who.pulls.create({
    ...place,
    title: `Add ${name}`,
    head: name,
    base: 'main',
    body: 'Please',
  })
  return data
}

export async function approve(who: Octokit, place: Place, pull_number: number) {
  return (await who.pulls.createReview({ ...place, pull_number, event: 'APPROVE' })).data
}

export async function pass(app: Octokit, place: Place, head_sha: string, name = 'Daypass / request') {
  const output = { title: 'Fine', summary: 'All is well' }
  return (
    await app.checks.create({ ...place, name, head_sha, status: 'completed', conclusion: 'success', output })
  ).data
}

/** The status a call was refused with; fails when it was not. */
export async function refusal(
  call: Promise<unknown>,
): Promise<{ status: number; message: string; errors: unknown }> {
  try {
    await call
  } catch (error) {
    if (error instanceof Error && 'status' in error && typeof error.status === 'number') {
      const response =
        'response' in error
          ? (error.response as { data?: { errors?: unknown; message?: string } })
          : undefined
      return {
        status: error.status,
        message: response?.data?.message ?? error.message,
        errors: response?.data?.errors,
      }
    }
    throw error
  }
  throw new Error('the call was not refused')
}
