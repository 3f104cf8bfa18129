/** What a person needs to use a grant: a profile for the AWS CLI, a first command, and links into the console. */
import type { Account } from './account.ts'
import { query } from './links.ts'
import type { Lent } from './report-grant.ts'
import { quote } from './text.ts'

/** STS takes no shorter session. */
const SHORTEST_SESSION = 900
const LONGEST_SESSION = 43_200
/** A role that was reached from another role's session. */
const LONGEST_CHAINED_SESSION = 3600
const LONGEST_SESSION_NAME = 64

const CONSOLE: Readonly<Record<Account['partition'], { readonly signin: string; readonly console: string }>> =
  {
    aws: { signin: 'signin.aws.amazon.com', console: 'console.aws.amazon.com' },
    'aws-cn': { signin: 'signin.amazonaws.cn', console: 'console.amazonaws.cn' },
    'aws-us-gov': { signin: 'signin.amazonaws-us-gov.com', console: 'console.amazonaws-us-gov.com' },
  }

/** A block for `~/.aws/config`. `source`: the profile that the person signs in with. Throws where a value would begin a line of its own. */
export function awsProfile(lent: Lent, source = sourceProfile(lent)): string {
  const { judged, account, role } = lent
  return [
    `[profile ${profileName(lent)}]`,
    setting('role_arn', role.roleArn),
    setting('source_profile', source),
    setting('region', account.region),
    setting('role_session_name', sessionName(judged.author.login)),
    setting('duration_seconds', String(sessionSeconds(lent))),
  ].join('\n')
}

function setting(name: string, value: string): string {
  if (/\p{Cc}/u.test(value)) throw new Error(`${name} can't be ${quote(value)}: it holds a control character`)
  return `${name} = ${value}`
}

/** What the AWS CLI itself calls it, unless the person chose otherwise. */
export function sourceProfile({ judged: { principal } }: Lent): string {
  return principal.kind === 'identity-center'
    ? `${principal.permissionSet}-${principal.accountId}`
    : 'default'
}

export function listCommand(lent: Lent): string {
  const { location, judged } = lent
  const { prefixes } = judged.request
  const profile = `--profile ${profileName(lent)}`
  const [first = '', folder] = [prefixes[0], prefixes.find((prefix) => prefix.endsWith('/'))]
  // A single object can be downloaded, but not listed.
  if (first !== '' && folder === undefined)
    return `aws s3 cp ${shellWord(`s3://${location.bucket}/${first}`)} . ${profile}`
  return `aws s3 ls ${shellWord(`s3://${location.bucket}/${folder ?? ''}`)} ${profile}`
}

/** The console's own page, filled in. */
export function consoleSwitchLink({ account, role, location }: Lent): string {
  const fields = {
    roleName: `${role.rolePath}${role.roleName}`.slice(1),
    account: account.id,
    displayName: `daypass ${location.bucket}`.slice(0, 64),
  }
  return `https://${CONSOLE[account.partition].signin}/switchrole?${query(fields)}`
}

/** Straight to what was lent, as the grant does not list the account's buckets. */
export function consoleBucketLink({ account, location, judged }: Lent): string {
  const folder = judged.request.prefixes.find((prefix) => prefix.endsWith('/'))
  const fields = { region: account.region, ...(folder !== undefined && { prefix: folder }) }
  return `https://${CONSOLE[account.partition].console}/s3/buckets/${location.bucket}?${query(fields)}`
}

export function profileName({ location }: Lent): string {
  return `daypass-${location.name.replace(/[^A-Za-z0-9._-]/g, '-')}`
}

/** Two characters at least; a login may have one. */
function sessionName(login: string): string {
  return login
    .replace(/[^\w+=,.@-]/g, '-')
    .padEnd(2, '-')
    .slice(0, LONGEST_SESSION_NAME)
}

function sessionSeconds({ judged: { window, principal } }: Lent): number {
  const longest = principal.kind === 'iam-user' ? LONGEST_SESSION : LONGEST_CHAINED_SESSION
  return Math.max(SHORTEST_SESSION, Math.min(window.end - window.start, longest))
}

/** One word to any POSIX shell. */
function shellWord(text: string): string {
  return /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
