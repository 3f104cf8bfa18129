/** Lets people do what a history says, at the sandbox's GitHub and AWS, and tells the oracle what came of it. */
import { PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { named } from '../../../src/sandbox/tour-people.ts'
import { commitFiles, type Files, type MergeMethod } from '../../support/branches.ts'
import { listRoles } from '../../support/iam-state.ts'
import type { Place, Stage } from '../stage.ts'
import type { Act, Asker, Login, RuleChange, Wish } from './history.ts'
import { type Asked, changeRules, type Oracle, type Rules } from './oracle.ts'

const FOLDER = 'access-requests/prod/customer-exports'
const RULES = '.github/daypass.yml'
const CODEOWNERS = '.github/CODEOWNERS'

export interface Actors {
  readonly stage: Stage
  readonly place: Place
  readonly oracle: Oracle
}

/** Every one of them takes a second. */
export async function perform(actors: Actors, act: Act): Promise<void> {
  const { stage, oracle } = actors
  stage.setTime(stage.now() + 1)
  if (act.kind === 'ask') return void (await ask(actors, act))
  if (act.kind === 'obtain') return obtain(actors, act, act.method)
  if (act.kind === 'rewind') return rewind(actors, act.steps)
  if (act.kind === 'plant') return plant(actors, act.who)
  if (act.kind === 'rules') return writeRules(actors, act.change, act.approved)
  if (act.kind === 'usurp') return usurp(actors)
  if (act.kind === 'leave') return leave(actors, act.who)
  const asked = oracle.asked[act.on % Math.max(1, oracle.asked.length)]
  if (asked === undefined) return
  switch (act.kind) {
    case 'push':
      return push(actors, asked, act.by, act.hours)
    case 'approve':
      return approve(actors, asked, act.by)
    case 'merge':
      return merge(actors, asked, act.by, act.method)
    case 'revoke':
      return revoke(actors, asked, act.by, act.where)
    case 'extend':
      return extend(actors, asked, act.hours, act.approved)
    case 'tamper':
      return tamper(actors)
    default:
      return change(actors, asked, act.kind)
  }
}

/** What GitHub refuses does not happen. */
async function accepted(action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action()
    return true
  } catch (error) {
    if (error instanceof Error && 'status' in error && Number(error.status) < 500) return false
    throw error
  }
}

function textOf({ requester, folder, start }: Pick<Asked, 'requester' | 'folder' | 'start'>, hours: number) {
  const begin = start === 0 ? '' : `start: ${new Date(start * 1000).toISOString().slice(0, 19)}Z\n`
  return `requester: ${requester}\nreason: Number ${hours} of many\nprefixes: [${folder}]\nduration: ${hours}h\n${begin}`
}

async function ask(actors: Actors, { who, hours, folder, ahead = 0 }: Wish): Promise<Asked | undefined> {
  const { stage, place, oracle } = actors
  if (oracle.gone.has(who)) return undefined
  const path = `${FOLDER}/${who}-${oracle.asked.length}.yaml`
  const start = ahead === 0 ? 0 : stage.now() + ahead
  const text = textOf({ requester: who, folder, start }, hours)
  const { pull } = await stage.openRequest(who, place.name, path, text)
  const empty = { approvals: new Map(), hands: new Set<Login>(), revokers: new Set<Login>(), left: false }
  const asked: Asked = { path, pull, requester: who, folder, start, text, hours, ...empty }
  oracle.asked.push(asked)
  return asked
}

async function obtain(actors: Actors, wish: Wish, method?: MergeMethod): Promise<void> {
  const asked = await ask(actors, wish)
  if (asked === undefined) return
  await approve(actors, asked, 'olivia')
  actors.stage.setTime(actors.stage.now() + 1)
  await merge(actors, asked, 'oscar', method)
}

async function push({ stage, place }: Actors, asked: Asked, by: Login, hours: number): Promise<void> {
  if (asked.merged) return
  const text = textOf(asked, hours)
  const branch = `request/${asked.path.slice(FOLDER.length + 1, -'.yaml'.length)}`
  if (await accepted(() => commitFiles(stage.github(by), place.name, branch, { [asked.path]: text })))
    changeText(asked, by, text, hours)
}

function changeText(asked: Asked, by: Login, text: string, hours: number): void {
  // A commit that changes nothing is nobody's hand in it.
  if (text !== asked.text) asked.hands.add(by)
  Object.assign(asked, { text, hours })
}

async function approve({ stage, place }: Actors, asked: Asked, by: Login): Promise<void> {
  const at = { ...named(place.name), pull_number: asked.pull }
  if (asked.merged) return
  if (await accepted(() => stage.github(by).pulls.createReview({ ...at, event: 'APPROVE' })))
    asked.approvals.set(by, asked.text)
}

async function merge(
  { stage, place }: Actors,
  asked: Asked,
  by: Login,
  merge_method: MergeMethod = 'merge',
): Promise<void> {
  const at = { ...named(place.name), pull_number: asked.pull, merge_method }
  if (asked.merged) return
  const { text, hours } = asked
  if (await accepted(() => stage.github(by).pulls.merge(at)))
    asked.merged = { by, at: stage.now(), text, hours }
}

async function revoke(
  { stage, place }: Actors,
  asked: Asked,
  by: Login,
  where: 'request' | 'extension' = 'request',
): Promise<void> {
  const { pull, extension, extendedBy } = asked
  const issue_number = where === 'request' ? pull : (extension?.pull ?? extendedBy)
  if (issue_number === undefined) return
  const at = { ...named(place.name), issue_number }
  const comment = () => stage.github(by).issues.createComment({ ...at, body: '/daypass revoke' })
  // On one that is not in force yet it counts once that is.
  const revokers = issue_number === extension?.pull ? extension.revokers : asked.revokers
  if (await accepted(comment)) revokers.add(by)
}

async function extend(actors: Actors, asked: Asked, hours: number, approved: boolean): Promise<void> {
  const { stage, place, oracle } = actors
  const { requester, merged, left, path } = asked
  if (merged === undefined || left || asked.extension || oracle.gone.has(requester)) return
  if ((await fileOnMain(actors, path)) !== merged.text || hours === merged.hours) return
  const branch = `extend-${stage.now()}`
  const text = textOf(asked, hours)
  const at = named(place.name)
  await commitFiles(stage.github(requester), place.name, branch, { [path]: text })
  const pulls = stage.github(requester).pulls
  const { data } = await pulls.create({ ...at, title: branch, head: branch, base: 'main' })
  const pull = { ...at, pull_number: data.number }
  if (approved) await stage.github('olivia').pulls.createReview({ ...pull, event: 'APPROVE' })
  stage.setTime(stage.now() + 1)
  await stage.github(approved ? 'oscar' : requester).pulls.merge(pull)
  asked.extension = { pull: data.number, text, hours, approved, revokers: new Set() }
}

async function change(
  actors: Actors,
  asked: Asked,
  kind: 'remove' | 'alter' | 'restore' | 'blink',
): Promise<void> {
  if (asked.merged === undefined) return
  const { text } = asked.extension ?? asked.merged
  const before = await fileOnMain(actors, asked.path)
  const put = async (content: string | null) => {
    const done = await pushToMain(actors, 'root', { [asked.path]: content })
    if (done && content !== text) asked.left = true
  }
  if (kind === 'remove' || kind === 'blink') {
    if (before !== undefined) await put(null)
  } else if (kind === 'alter') {
    await put(`${text}# altered\n`)
  }
  if ((kind === 'restore' && before !== text) || (kind === 'blink' && before !== undefined)) await put(text)
}

async function rewind(actors: Actors, steps: number): Promise<void> {
  const { stage, place, oracle } = actors
  const { git } = stage.github('root')
  const at = named(place.name)
  const tip = (await git.getRef({ ...at, ref: 'heads/main' })).data.object.sha
  let sha = tip
  for (let step = 0; step < steps; step += 1) {
    const [first] = (await git.getCommit({ ...at, commit_sha: sha })).data.parents
    if (first === undefined) return
    sha = first.sha
  }
  for (const path of [RULES, CODEOWNERS])
    if ((await fileAt(actors, path, sha)) !== (await fileAt(actors, path, tip))) return
  await git.updateRef({ ...at, ref: 'heads/main', sha, force: true })
  for (const asked of oracle.asked) {
    const text = (asked.extension ?? asked.merged)?.text
    if (text !== undefined && (await fileAt(actors, asked.path, 'main')) !== text) asked.left = true
  }
}

async function plant(actors: Actors, who: Asker): Promise<void> {
  const path = `${FOLDER}/planted-${actors.stage.now()}.yaml`
  await accepted(() =>
    pushToMain(actors, 'mallory', { [path]: textOf({ requester: who, folder: 'internal/', start: 0 }, 4) }),
  )
}

async function writeRules(actors: Actors, change: RuleChange, approved: boolean): Promise<void> {
  const { stage, place, oracle } = actors
  const before = textOfRules(oracle.rules)
  const next = { ...oracle.rules }
  changeRules(next, change)
  const text = textOfRules(next)
  if (text === before) return
  if (!approved) {
    if (!(await accepted(() => pushToMain(actors, 'mallory', { [RULES]: text })))) return
    oracle.trustBroken = true
  } else {
    const branch = `rules-${stage.now()}`
    await commitFiles(stage.github('oscar'), place.name, branch, { [RULES]: text })
    const at = named(place.name)
    const { data } = await stage
      .github('oscar')
      .pulls.create({ ...at, title: branch, head: branch, base: 'main' })
    const pull = { ...at, pull_number: data.number }
    await stage.github('olivia').pulls.createReview({ ...pull, event: 'APPROVE' })
    stage.setTime(stage.now() + 1)
    await stage.github('olivia').pulls.merge(pull)
  }
  Object.assign(oracle.rules, next)
}

function textOfRules({ maxHours, paused, bucket, alice, broken }: Rules): string {
  if (broken) return `max: ${maxHours}, ${paused}, ${bucket}, ${alice}: [\n`
  return [
    `paused: ${paused}`,
    'buckets:',
    `  - { account: prod, bucket: ${bucket ? 'customer-exports' : 'billing-archive'}, max_duration: ${maxHours}h, whole_bucket: refused }`,
    'people:',
    ...(alice ? ['  alice: { iam_user: alice, account: prod }'] : []),
    '  bob: { permission_set: DataReader, user_name: bob@acme.example, account: prod }',
    '  mallory: { iam_user: mallory, account: prod }',
    '',
  ].join('\n')
}

async function usurp(actors: Actors): Promise<void> {
  const { oracle } = actors
  if (oracle.owners.has('mallory')) return
  const text = '* @acme/data-owners @mallory\n'
  if (!(await accepted(() => pushToMain(actors, 'mallory', { [CODEOWNERS]: text })))) return
  oracle.owners.add('mallory')
  oracle.trustBroken = true
}

async function leave({ stage, place, oracle }: Actors, who: Asker): Promise<void> {
  if (oracle.gone.has(who)) return
  await stage.github('root').repos.removeCollaborator({ ...named(place.name), username: who })
  oracle.gone.add(who)
  // An owner who may not write is none.
  oracle.owners.delete(who)
}

/** Somebody with rights in AWS adds to a role: what the role's own policy denies stays denied. */
async function tamper({ stage, place }: Actors): Promise<void> {
  const iam = stage.iam('root')
  const [arn] = await rolesOf(stage, place)
  if (arn === undefined) return
  const all = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 's3:*', Resource: '*' } }
  await iam.send(
    new PutRolePolicyCommand({
      RoleName: arn.split('/').at(-1),
      PolicyName: 'more',
      PolicyDocument: JSON.stringify(all),
    }),
  )
}

const administrators = new WeakMap<Stage, ReturnType<Stage['iam']>>()

export async function rolesOf(stage: Stage, { id }: Place): Promise<readonly string[]> {
  const iam = administrators.get(stage) ?? stage.iam('root')
  administrators.set(stage, iam)
  const arns = await listRoles(iam)
  return arns.filter((arn) => arn.includes(`/daypass/${id.toString(36)}/`))
}

function fileOnMain(actors: Actors, path: string): Promise<string | undefined> {
  return fileAt(actors, path, 'main')
}

async function fileAt({ stage, place }: Actors, path: string, ref: string): Promise<string | undefined> {
  try {
    const { data } = await stage.github('root').repos.getContent({ ...named(place.name), path, ref })
    return 'content' in data ? Buffer.from(data.content, 'base64').toString() : undefined
  } catch {
    return undefined
  }
}

/** Whether it changed anything. */
async function pushToMain({ stage, place }: Actors, login: string, files: Files): Promise<boolean> {
  await commitFiles(stage.github(login), place.name, 'main', files)
  return true
}
