/** The app's one comment on a request's pull request: what a person needs next, made to be read in an e-mail on a phone. */

import { awsProfile, consoleBucketLink, consoleSwitchLink, listCommand, sourceProfile } from './aws-access.ts'
import { END_BUTTON, END_COMMAND, type RefusedOrder } from './early-end.ts'
import { checkLink, deleteFileLink, newRequestLink, type Place, pullLink } from './links.ts'
import { code, codeBlock, inline, prose } from './markdown.ts'
import { type GrantState, type Lent, lastUse, may, obstacleWords, whatWasHeld } from './report-grant.ts'
import { bullets, compose, untilThen, utc, whatToDo, whyEnded } from './report-words.ts'

/** What became of the pull request that takes the file out of the branch. */
export interface RevertShown {
  readonly kind: 'open' | 'merged' | 'closed'
  readonly pull: number
}

export interface CommentContext {
  readonly place: Place
  /** The request's text, for asking again. */
  readonly requestText?: string
  readonly revert?: RevertShown
  /** The check run that is the request's record. */
  readonly checkRunId?: number
}

export function grantComment(state: GrantState, context: CommentContext): string {
  switch (state.kind) {
    case 'pending':
      return compose([
        `**Not ${granted(state)} yet.** ${prose(state.message)} (${code(state.code)})`,
        untilThen(state.code),
      ])
    case 'approved':
      if (state.obstacle)
        return compose(['**Approved, but not open yet.**', ...obstacleWords(state.obstacle), may(state.lent)])
      return `**Approved.** ${may(state.lent)} The role is being written into AWS; this comment changes when it is there.`
    case 'granted':
      return state.phase === 'waiting' ? commentWaiting(state, context) : commentOpen(state, context)
    case 'rejected':
      return compose([
        `**Not ${granted(state)}.** ${prose(state.message)} (${code(state.code)})`,
        whatToDo(state.fix),
        `This is final for this pull request, and ${untouched(state, context)}. ${askAgain(context)}`,
        revertSentence(context),
      ])
    case 'ended':
      return compose([
        `**Access ended at ${utc(state.end.at)}** because ${whyEnded(state.end, state.lent.judged.author)}.`,
        state.end.detail === undefined ? undefined : prose(state.end.detail),
        whatWasHeld(state.lent, state.end),
        lastUse(state.end),
        revertSentence(context, 'Its commit message is the receipt.'),
        askAgain(context),
      ])
  }
}

type Unanswered = Extract<GrantState, { readonly kind: 'pending' | 'rejected' }>

function granted({ extends: extended }: Unanswered): string {
  return extended === undefined ? 'granted' : 'extended'
}

function untouched({ extends: extended }: Unanswered, { place }: CommentContext): string {
  if (extended === undefined) return 'AWS was not touched'
  return `the access of [pull request ${extended}](${pullLink(place, extended)}) is over too: its file is not any more what was approved`
}

/** On a pull request that extended a grant: where to look for the rest. */
export function extensionComment(
  state: Extract<GrantState, { readonly kind: 'granted' | 'ended' }>,
  pull: number,
  place: Place,
): string {
  const link = `[Pull request ${pull}](${pullLink(place, pull)})`
  return state.kind === 'granted'
    ? `**Extended until ${utc(state.lent.judged.window.end)}.** Sessions in use go on. ${link} says how to use it; ${code(END_COMMAND)} there or here gives it back.`
    : `**Access ended at ${utc(state.end.at)}** because ${whyEnded(state.end, state.lent.judged.author)}. ${link} says more.`
}

type Granted = Extract<GrantState, { readonly kind: 'granted' }>

function commentWaiting({ lent, refused }: Granted, context: CommentContext): string {
  const { start, end } = lent.judged.window
  return compose([
    `**Access opens at ${utc(start)}** and closes at ${utc(end)}. There is nothing to do until then: AWS opens it by itself.`,
    may(lent),
    ...howToUse(lent),
    `**Not needed any more?** ${giveBack(context)}`,
    refusals(refused),
  ])
}

function commentOpen({ lent, refused }: Granted, context: CommentContext): string {
  return compose([
    `**Access is open until ${utc(lent.judged.window.end)}.** ${may(lent)}`,
    ...howToUse(lent),
    `**Done early?** ${giveBack(context)}`,
    refusals(refused),
  ])
}

function howToUse(lent: Lent): readonly string[] {
  return [
    `**With the AWS CLI.** Add this to \`~/.aws/config\`. ${sourceHint(lent)}`,
    codeBlock(awsProfile(lent), 'ini'),
    'Then look what is there:',
    codeBlock(listCommand(lent), 'sh'),
    `**In the console.** [Switch to the role](${consoleSwitchLink(lent)}), then [open the bucket](${consoleBucketLink(lent)}).`,
  ]
}

function sourceHint(lent: Lent): string {
  const { principal } = lent.judged
  switch (principal.kind) {
    case 'iam-user':
      return '`default` stands for the profile with your own access key; change it if yours has another name.'
    case 'iam-role':
      return `\`default\` stands for your profile with the role ${code(principal.arn)}; change it if yours has another name.`
    case 'identity-center':
      return `${code(sourceProfile(lent))} is what \`aws configure sso\` suggests to call your profile with the permission set ${code(principal.permissionSet)}; change it if yours has another name.`
  }
}

function giveBack({ place, checkRunId }: CommentContext): string {
  const name = 'check **Daypass / grant** of the merge commit'
  const check = checkRunId === undefined ? `the ${name}` : `[the ${name}](${checkLink(place, checkRunId)})`
  return [
    `Write ${code(END_COMMAND)} as a comment here, or press **${END_BUTTON}** in ${check}: access ends at once, for good.`,
    `[Deleting the request's file](${deleteFileLink(place)}) in a pull request ends it too, when that is merged.`,
  ].join(' ')
}

/** Whoever asked in vain is told why, so that nobody believes an access over that stands. */
function refusals(refused: readonly RefusedOrder[]): string | undefined {
  const reasons = {
    edited: 'that comment was edited, and an edited comment counts for nothing: write a new one',
    'not-entitled': 'only whom the access is for, or a code owner of the path, can end it',
  } as const
  const lines = refused.map(
    ({ by, why }) => `${inline(by?.login ?? '')} asked to end this access: ${reasons[why]}.`,
  )
  return lines.length === 0 ? undefined : bullets([...new Set(lines)])
}

function askAgain({ place, requestText }: CommentContext): string {
  return `To ask again, [open a new request](${newRequestLink(place, requestText)})${requestText === undefined ? '' : ' with the same text'}.`
}

/**
 * True before the pull request is merged as well as after: the app tells it first and merges then, and whatever happens to
 * it in between, nothing has to be told again.
 */
function revertSentence({ place, revert }: CommentContext, receipt?: string): string | undefined {
  if (revert === undefined) return undefined
  const link = `[pull request ${revert.pull}](${pullLink(place, revert.pull)})`
  if (revert.kind === 'closed')
    return `The file is still on the branch and opens nothing; ${link}, which was to take it out, was closed.`
  return [`The file opens nothing; ${link} takes it out of the branch.`, receipt].filter(Boolean).join(' ')
}
