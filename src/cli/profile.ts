/** `daypass profile`: the AWS profile of a grant, written into the file that the AWS CLI reads. */
import { awsProfile, listCommand, profileName } from '../core/aws-access.ts'
import type { Lent } from '../core/report-grant.ts'
import { utc } from '../core/report-words.ts'
import {
  awsConfigFile,
  readConfigFile,
  ssoProfiles,
  withProfile,
  writeConfigFile,
} from './aws-config-file.ts'
import { findClone } from './clone.ts'
import { EXIT, type ExitCode, Failure } from './failure.ts'
import { connect, type GitHubAs, type GitHubOptions } from './github.ts'
import type { Output } from './output.ts'
import { findRequest, refuseOthers } from './own-request.ts'
import { roleOfStanding } from './role.ts'
import type { Standing } from './standing.ts'

export interface ProfileOptions extends GitHubOptions {
  readonly file?: string
  /** The profile that the person signs in with. */
  readonly source?: string
  readonly region?: string
  readonly print?: true
}

const REGION = /^[a-z]{2}(?:-[a-z]{2,12}){1,3}-\d{1,2}$/
const PROFILE_NAME = /^[\w.@+=,:/-]{1,128}$/

export async function profile(
  wanted: string | undefined,
  options: ProfileOptions,
  output: Output,
): Promise<ExitCode> {
  const github = await connect(await findClone(), options)
  const request = await findRequest(
    github,
    wanted,
    ({ state }) => state.kind === 'open' || state.kind === 'scheduled',
    'granted',
  )
  await refuseOthers(github, request, { doing: 'use it', fix: 'Ask for your own: daypass request.' })
  const lent = await lentOf(github, request, options.region)
  const file = options.file ?? awsConfigFile()
  const config = await readConfigFile(file)
  const block = awsProfile(lent, sourceFor(lent, config, options.source))
  const written = withProfile(config, block)
  const changed = written !== config
  if (options.print) output.line(block)
  else if (changed) await writeConfigFile(file, written)
  output.json({
    profile: profileName(lent),
    file,
    changed: changed && !options.print,
    block,
    command: listCommand(lent),
  })
  if (!options.print)
    output.line(
      `${changed ? 'Wrote' : 'Nothing to change:'} profile ${profileName(lent)} ${changed ? 'into' : 'is in'} ${file}.`,
    )
  output.note(`It works until ${utc(lent.judged.window.end)}. Try: ${listCommand(lent)}`)
  return EXIT.done
}

/** Nothing is taken as it stands in a comment, which people can edit: the role has to be this request's own. */
async function lentOf(github: GitHubAs, request: Standing, region: string | undefined): Promise<Lent> {
  const { record: judged, location, pull } = request
  const role = roleOfStanding(request, github.repository.id)
  if (judged === undefined || location === undefined || role === undefined) {
    throw new Failure(
      `The record of #${pull} does not name the role.`,
      'Look at the comment on the pull request; it may be that Daypass has not written it yet.',
    )
  }
  const where = region ?? (await regionFromComment(github, pull, role.arn))
  const [, , , , , path = ''] = role.arn.split(':')
  const roleName = path.slice(path.lastIndexOf('/') + 1)
  const account = {
    alias: location.account,
    id: role.accountId,
    partition: role.partition,
    region: where,
    role: '',
    boundary: '',
  }
  const rolePath = path.slice('role'.length, -roleName.length)
  return { location, judged, account, role: { rolePath, roleName, roleArn: role.arn } }
}

async function regionFromComment({ octokit, at }: GitHubAs, pull: number, roleArn: string): Promise<string> {
  const { data } = await octokit.issues.listComments({ ...at, issue_number: pull, per_page: 100 })
  const comment = data.find(({ user, body }) => user?.type === 'Bot' && body?.includes(roleArn))
  const region = /^region = (\S+)$/m.exec(comment?.body ?? '')?.[1] ?? ''
  if (REGION.test(region)) return region
  throw new Failure(
    `The comment on #${pull} does not say in which region the bucket is.`,
    'Say it: --region REGION.',
    {
      exitCode: EXIT.usage,
    },
  )
}

function sourceFor(
  { judged: { principal } }: Lent,
  config: string,
  given: string | undefined,
): string | undefined {
  if (given !== undefined && !PROFILE_NAME.test(given))
    throw new Failure(`${given} is no profile's name.`, 'Write it as in your AWS config.', {
      exitCode: EXIT.usage,
    })
  if (given !== undefined || principal.kind !== 'identity-center') return given
  // Without exactly one, the name that `aws configure sso` proposes.
  const [only, ...others] = ssoProfiles(config, principal)
  return only !== undefined && others.length === 0 && PROFILE_NAME.test(only) ? only : undefined
}
