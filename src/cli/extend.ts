/** `daypass extend`: asks for a longer window of what stands, by a pull request that changes the duration in its file. */
import { isDeepStrictEqual } from 'node:util'
import { dump } from 'js-yaml'
import type { Asked } from '../core/asked.ts'
import type { Parsed } from '../core/problem.ts'
import { enumerate, lengthOf, utc } from '../core/report-words.ts'
import { type LocatedRequest, parseLocation, parseRequest } from '../core/request.ts'
import { formatDuration, formatInstant } from '../core/window.ts'
import { type AccountOptions, readAccounts } from './accounts.ts'
import { createAsk } from './ask.ts'
import { fetchBase, freeBranch, openChange } from './changes.ts'
import { openClone, textAt } from './clone.ts'
import { readUnderRules } from './draw.ts'
import { EXIT, type ExitCode, Failure } from './failure.ts'
import { connect, type GitHubOptions } from './github.ts'
import { type Output, shown } from './output.ts'
import { findRequest, refuseOthers } from './own-request.ts'
import { formatProblem } from './problems.ts'
import { ownersAt, rulesAt } from './request.ts'
import { readWaiting, type Standing } from './standing.ts'

export interface ExtendOptions extends GitHubOptions, AccountOptions {
  /** Seconds; one of the two. */
  readonly by?: number
  /** Seconds, from the start of the window. */
  readonly duration?: number
  /** Instead of the one that was approved. */
  readonly reason?: string
  readonly dryRun?: true
  /** Nothing is confirmed. */
  readonly yes?: true
}

export async function extend(
  wanted: string | undefined,
  options: ExtendOptions,
  output: Output,
): Promise<ExitCode> {
  if (options.by === undefined && options.duration === undefined)
    throw new Failure('Say how long it is to go on.', 'Either --by 2h, or --duration 8h in all.', {
      exitCode: EXIT.usage,
    })
  const clone = await openClone()
  const github = await connect(clone, options)
  const standing = await findRequest(
    github,
    wanted,
    ({ state }) => state.kind === 'open' || state.kind === 'scheduled',
    'open or about to open',
  )
  // The app takes an extension from nobody else.
  await refuseOthers(github, standing, { doing: 'extend it', fix: `Ask ${standing.author} to.` })
  const waiting = (await readWaiting(github, standing.author)).find(({ path }) => path === standing.path)
  if (waiting !== undefined)
    throw new Failure(
      `More time for ${standing.path} is asked for already: ${waiting.url}`,
      'Have it approved and merged, or close it and ask anew.',
      { exitCode: EXIT.no },
    )
  const judged = recordOf(standing)
  const base = await fetchBase(clone, github)
  const { path } = standing
  const before = await textAt(clone, base.commit, path)
  if (before === undefined)
    throw new Failure(`${path} is not on the branch any more.`, 'Ask anew: daypass request.', {
      exitCode: EXIT.no,
    })
  const seconds = options.duration ?? judged.request.durationSeconds + (options.by ?? 0)
  const longer = withDuration(path, before, seconds, judged.window.start)
  const text =
    options.reason === undefined ? longer : withReason(path, longer, options.reason, judged.window.start)
  const rules = await rulesAt(clone, base.commit)
  // As of the window's start: the app reads it so, as that may lie long back.
  const asked: Parsed<Asked> = readUnderRules(
    { path, text },
    rules,
    readAccounts(options),
    judged.window.start,
    judged.request,
  )
  const until = judged.window.start + seconds
  const told = {
    path,
    text,
    extends: standing.pull,
    from: formatInstant(judged.window.start),
    wasUntil: formatInstant(judged.window.end),
    until: formatInstant(until),
  }
  output.line(`${output.paint('bold', shown(path))}\n${text}`)
  if (!asked.ok) {
    output.json({ sent: false, ...told, problems: asked.problems })
    for (const problem of asked.problems) output.line(`${formatProblem(problem, output.paint)}\n`)
    output.line('Nothing was sent.')
    return EXIT.no
  }
  output.line(
    `It would go on until ${utc(until)}, and not end at ${utc(judged.window.end)}: ${lengthOf(seconds)} in all, from ${utc(judged.window.start)}.`,
  )
  const owners = await ownersAt(clone, base.commit, path)
  if (owners.length > 0)
    output.line(`May approve: ${enumerate(owners.map(shown), 'or')}, but for whoever had a hand in it.`)
  const ask = createAsk({ json: output.isJson })
  try {
    if (options.dryRun || (ask && !options.yes && !(await ask.yes('Send it?')))) {
      output.json({ sent: false, ...told, owners, problems: [] })
      output.line('Nothing was sent.')
      return options.dryRun ? EXIT.done : EXIT.no
    }
  } finally {
    ask?.end()
  }
  const { name, bucket } = asked.value.location
  const pull = await openChange(clone, github, base, {
    path,
    text,
    branch: await freeBranch(github, `extend/${name}`),
    title: `Extend access to ${bucket}: ${name}`,
    body: `Extends #${standing.pull}. The check **Daypass / request** shows until when it would go on, and who may approve and merge it.`,
  })
  output.json({ sent: true, ...told, owners, problems: [], pull: pull.number, url: pull.url })
  output.line(`Opened ${pull.url}`)
  output.note(
    `It has to be approved and merged before ${utc(judged.window.end)}: what is over is not opened again.`,
  )
  return EXIT.done
}

function recordOf({ record, path }: Standing): NonNullable<Standing['record']> {
  if (record !== undefined) return record
  throw new Failure(
    `What was granted for ${path} can't be read from its check.`,
    'Ask anew: daypass request.',
  )
}

function readOrFail(path: string, text: string, at: number): LocatedRequest {
  const location = parseLocation(path)
  const read = location.ok ? parseRequest(location.value, text, at) : location
  if (read.ok) return read.value
  throw new Failure(
    `${path} can't be read: ${read.problems[0].message}`,
    'Look at it with `daypass validate`.',
    { exitCode: EXIT.no },
  )
}

/** The value alone is another one; everything else of the file stays as it was written. */
function withDuration(path: string, text: string, seconds: number, at: number): string {
  const { line, column } = readOrFail(path, text, at).at('duration')
  const written = formatDuration(seconds)
  const lines = text.split('\n')
  const found = lines[line - 1] ?? ''
  const value = found.slice(column - 1)
  const end = /^(?:"[^"]*"|'[^']*'|[^\s,}#]+)/.exec(value)?.[0].length ?? 0
  lines[line - 1] = found.slice(0, column - 1) + written + value.slice(end)
  return lines.join('\n')
}

/** The same for the reason, which may go on over further lines, indented. */
function withReason(path: string, text: string, reason: string, at: number): string {
  const { request, at: locate } = readOrFail(path, text, at)
  const { line, column } = locate('reason')
  const lines = text.split('\n')
  const further = lines.slice(line)
  const next = further.findIndex((one) => /^\S/.test(one))
  const last = further.slice(0, next < 0 ? undefined : next).findLastIndex((one) => one.trim() !== '')
  const written = (lines[line - 1] ?? '').slice(0, column - 1) + dump(reason, { lineWidth: -1 }).trimEnd()
  lines.splice(line - 1, last + 2, written)
  const changed = lines.join('\n')
  const location = parseLocation(path)
  const read = location.ok ? parseRequest(location.value, changed, at) : location
  // What its author or the rules forbid is told with the rest; a file that took harm is not sent.
  const others = read.ok && { ...read.value.request, reason: request.reason }
  const isMistaken = !read.ok && read.problems.every(({ code }) => code.startsWith('reason-'))
  if (isMistaken || isDeepStrictEqual(others, request)) return changed
  throw new Failure(
    `The reason in ${path} is written so that it can't be changed here.`,
    'Leave --reason out, or change the file on GitHub.',
    { exitCode: EXIT.no },
  )
}
