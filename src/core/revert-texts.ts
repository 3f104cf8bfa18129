/** The pull request that takes a request's file out of the branch: its branch, title, commit message and text. */
import { type End, identityHash, type RequestIdentity } from './grant.ts'
import { code, codeBlock, inline, plain } from './markdown.ts'
import { formatReceipt, receiptOf, receiptSubject } from './receipt.ts'
import type { Sign } from './receipt-signature.ts'
import type { Lent } from './report-grant.ts'
import { compose, utc, whatIsAsked, whyEnded } from './report-words.ts'

export type RevertReason =
  | { readonly kind: 'ended'; readonly lent: Lent; readonly end: End; readonly sign?: Sign }
  /** It never opened anything, so there is no receipt. */
  | { readonly kind: 'rejected'; readonly code: string }

export interface RevertTexts {
  readonly branch: string
  readonly title: string
  readonly commitMessage: string
  /** Markdown. */
  readonly body: string
}

export function revertTexts(identity: RequestIdentity, reason: RevertReason): RevertTexts {
  const branch = revertBranch(identity)
  return {
    branch,
    ...(reason.kind === 'ended' ? textsOfEnd(identity, reason) : textsOfRejection(identity, reason.code)),
  }
}

/** How the names of all these branches begin: without a slash, before which somebody else's branch could stand. */
export const REVERT_BRANCHES = 'daypass-revert-'

export function revertBranch(identity: RequestIdentity): string {
  return REVERT_BRANCHES + identityHash(identity)
}

function textsOfEnd(
  identity: RequestIdentity,
  { lent, end, sign }: Extract<RevertReason, { kind: 'ended' }>,
): Omit<RevertTexts, 'branch'> {
  const { judged, location, account } = lent
  const receipt = receiptOf(identity, lent, end)
  const commitMessage = formatReceipt(receipt, sign)
  const { start, end: until } = judged.window
  return {
    title: receiptSubject(receipt),
    commitMessage,
    body: compose([
      `Access ended at ${utc(end.at)} because ${whyEnded(end, lent.judged.author)}. This takes its file out of the branch; AWS does not wait for it.`,
      `**${inline(judged.author.login)}** was allowed to ${whatIsAsked(judged.request, location, account)} from ${utc(start)} until ${utc(until)} (#${identity.pull}).`,
      'The commit message is the receipt:',
      codeBlock(commitMessage, ''),
    ]),
  }
}

function textsOfRejection({ pull, path }: RequestIdentity, rejection: string): Omit<RevertTexts, 'branch'> {
  const origin = pull > 0 ? ` (#${pull})` : ''
  const title = `Take out a request that was not granted${origin}`
  return {
    title,
    commitMessage: `${title}\n\n${plain(`It was refused (${rejection}), and nothing was opened in AWS.`)}`,
    body: compose([
      `The request ${code(path)}${origin} was not granted (${code(rejection)}), and nothing was opened in AWS. This takes its file out of the branch.`,
      pull > 0 ? 'The comment on that pull request says why, and how to ask again.' : undefined,
    ]),
  }
}
