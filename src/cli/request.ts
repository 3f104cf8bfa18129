/** `daypass request`: writes a request, shows what it would open, and sends it as a pull request. */
import { CODEOWNERS_PLACES, ownersOf, parseCodeowners } from '../core/codeowners.ts'
import { folderRemark } from '../core/prefixes.ts'
import { enumerate } from '../core/report-words.ts'
import { parseRules, RULES_PATH, type Rules } from '../core/rules.ts'
import { type AccountOptions, readAccounts } from './accounts.ts'
import { type Ask, createAsk } from './ask.ts'
import { fetchBase, freeBranch, openChange } from './changes.ts'
import { type Clone, openClone, textAt } from './clone.ts'
import { drawGrant, readUnderRules } from './draw.ts'
import { EXIT, type ExitCode, Failure } from './failure.ts'
import { connect, type GitHubOptions } from './github.ts'
import { type Output, shown } from './output.ts'
import { printGrant } from './policy.ts'
import { formatProblem } from './problems.ts'
import { answer, checkPath, type RequestFlags } from './request-answers.ts'
import { readWaiting } from './standing.ts'

export interface RequestOptions extends GitHubOptions, AccountOptions, RequestFlags {
  readonly dryRun?: true
  /** Nothing is confirmed. */
  readonly yes?: true
}

export async function request(options: RequestOptions, output: Output): Promise<ExitCode> {
  const ask = createAsk({ json: output.isJson })
  try {
    return await answerAndSend(options, output, ask)
  } finally {
    ask?.end()
  }
}

async function answerAndSend(
  options: RequestOptions,
  output: Output,
  ask: Ask | undefined,
): Promise<ExitCode> {
  const clone = await openClone()
  const github = await connect(clone, options)
  const [login, base, now] = await Promise.all([github.login(), fetchBase(clone, github), github.now()])
  const rules = await rulesAt(clone, base.commit)
  const waiting = await readWaiting(github, login)
  const isOnBranch = async (path: string) => (await textAt(clone, base.commit, path)) !== undefined
  const isTaken = async (path: string) =>
    waiting.some((other) => other.path === path) || (await isOnBranch(path))
  const { path, name, account, bucket, text } = await answer(options, login, rules, ask, isTaken)
  checkPath(path)
  if (await isTaken(path)) {
    const pull = waiting.find((other) => other.path === path)
    throw new Failure(
      pull ? `${path} is asked for already: ${pull.url}` : `${path} is on the branch already.`,
      'Choose another name with --name.',
      { exitCode: EXIT.no },
    )
  }
  for (const { pull, url, says, location } of waiting)
    if (location?.account === account && location.bucket === bucket)
      output.note(`note: you have asked for ${bucket} already, in #${pull}: ${shown(says)} (${url})`)
  const asked = readUnderRules({ path, text }, rules, readAccounts(options), now)
  output.line(`${output.paint('bold', path)}\n${text}`)
  if (!asked.ok) {
    output.json({ sent: false, path, text, problems: asked.problems })
    for (const problem of asked.problems) output.line(`${formatProblem(problem, output.paint)}\n`)
    output.line('Nothing was sent.')
    return EXIT.no
  }
  const grant = drawGrant(asked.value, now)
  printGrant(grant, asked.value, output, { explain: true, isNamed: false })
  const owners = await ownersAt(clone, base.commit, path)
  output.line(
    owners.length > 0
      ? `\nMay approve: ${enumerate(owners.map(shown), 'or')}, but for whoever had a hand in it.`
      : '\nNobody owns this path in CODEOWNERS, so nobody can approve it.',
  )
  if (rules.paused) output.note(`note: ${RULES_PATH} says \`paused: true\`: nothing new is granted for now.`)
  const remark = folderRemark(asked.value.request.prefixes)
  if (remark !== undefined) output.note(`note: ${remark}`)
  if (options.dryRun) {
    output.json({ sent: false, path, text, owners, problems: [] })
    output.line('Nothing was sent.')
    return EXIT.done
  }
  if (ask && !options.yes && !(await ask.yes('Send it?'))) {
    output.line('Nothing was sent.')
    return EXIT.no
  }
  const pull = await openChange(clone, github, base, {
    path,
    text,
    branch: await freeBranch(github, `request/${name}`),
    title: `Ask for ${bucket}: ${name}`,
    body: 'The check **Daypass / request** shows what this would open, and who may approve and merge it.',
  })
  output.json({ sent: true, path, text, owners, problems: [], pull: pull.number, url: pull.url })
  output.line(`Opened ${pull.url}`)
  output.note(
    `It opens nothing until a code owner has approved and merged it. See how it stands: daypass status`,
  )
  return EXIT.done
}

export async function rulesAt(clone: Clone, commit: string): Promise<Rules> {
  const text = await textAt(clone, commit, RULES_PATH)
  const rules = text === undefined ? undefined : parseRules(text)
  if (rules?.ok) return rules.value
  throw new Failure(
    rules === undefined
      ? `There is no ${RULES_PATH} on the default branch.`
      : `The rules on the default branch are broken:\n${rules.problems.map((problem) => formatProblem(problem)).join('\n')}`,
    'Ask the owners of the rules to mend that; nothing can be asked for until then.',
    { exitCode: EXIT.no },
  )
}

export async function ownersAt(clone: Clone, commit: string, path: string): Promise<readonly string[]> {
  for (const place of CODEOWNERS_PLACES) {
    const text = await textAt(clone, commit, place)
    if (text !== undefined) return ownersOf(parseCodeowners(text), path)?.owners ?? []
  }
  return []
}
