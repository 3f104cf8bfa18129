/** The command line as commander reads it: every command, every flag, and what `--help` says of them. */
import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { DAY } from '../core/window.ts'
import { STATES } from './audit/entry.ts'
import { type AuditOptions, FORMATS } from './audit-options.ts'
import type { EndAllOptions } from './end-all.ts'
import type { ExtendOptions } from './extend.ts'
import { EXIT, type ExitCode, Failure, reasonOf } from './failure.ts'
import {
  accountFlags,
  collect,
  collectParts,
  duration,
  instant,
  now,
  repositoryFlags,
  rulesFlags,
  wholeNumber,
} from './flags.ts'
import type { GitHubOptions } from './github.ts'
import { createOutput, type Output } from './output.ts'
import type { PolicyOptions } from './policy.ts'
import type { ProfileOptions } from './profile.ts'
import type { RequestOptions } from './request.ts'
import type { StatusOptions } from './status.ts'
import type { ValidateOptions } from './validate.ts'
import type { WhoOptions } from './who.ts'

const EXIT_CODES = `
Exits with 0 when done, 1 when the answer is no (problems found, nothing of the kind), 2 when the command was not
understood, 3 when git, GitHub, AWS or a file failed.`

/** Runs one command with what was read of its flags; each is loaded only when it is wanted, so that help comes at once. */
export type Finish = <Options>(
  command: Command,
  run: (options: Options, output: Output) => Promise<ExitCode>,
) => Promise<void>

/** `exit` hears with what to exit. */
export function createProgram(exit: (code: ExitCode) => void): Command {
  const finish: Finish = async (command, run) => {
    const { json, directory, ...options } = command.optsWithGlobals<Globals>()
    enter(directory)
    exit(await run(options as Parameters<typeof run>[0], createOutput({ json: json === true })))
  }
  const program: Command = new Command('daypass')
    .description('Just-in-time read access to AWS S3, approved by pull request.')
    .option('-C, --directory <DIR>', 'run as if started in that directory; paths are read from there', '.')
    .option('--json', 'answer in JSON')
    .version(versionOf(), '--version', 'show which version this is')
    .helpOption('-h, --help', 'show what can be said')
    .helpCommand('help [command]', 'show what can be said of a command')
    .addHelpText('before', ({ error }) => {
      // Commander shows its help in general for a command that it does not know, without a word.
      const [help, name] = program.args
      return error && help === 'help' ? program.error(`error: unknown command '${name}'`) : ''
    })
    .addHelpText('after', EXIT_CODES)
  for (const add of [
    addRequest,
    addValidate,
    addPolicy,
    addStatus,
    addWho,
    addProfile,
    addExtend,
    addRevoke,
    addEndAll,
    addAudit,
  ]) {
    add(program, finish)
  }
  return program
}

interface Globals {
  readonly json?: true
  readonly directory: string
}

/** As git does it: every path that is typed, or stands in a variable, is read from there. */
function enter(directory: string): void {
  try {
    process.chdir(directory)
  } catch (error) {
    throw new Failure(`${directory} can't be entered: ${reasonOf(error)}.`, 'Check what follows -C.', {
      exitCode: EXIT.usage,
      cause: error,
    })
  }
}

/** Of the package that this file belongs to, built or not. */
function versionOf(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}

function addRequest(program: Command, finish: Finish): void {
  const command = program
    .command('request')
    .description(
      'Ask for access: writes a request, shows what it would open, and opens the pull request. Asks for what no flag and no rule says, and whether to send it. Without a terminal, or with --json, it asks nothing and sends at once: --dry-run only looks.',
    )
    .option('--bucket <NAME>', 'the bucket; ACCOUNT/BUCKET or s3://BUCKET/PREFIX will do too')
    .option('--account <ALIAS>', 'its account, where the rules lend a bucket of that name in several')
    .option(
      '--prefix <PREFIX>',
      'a folder (ending in /) or the key of an object; several between commas, or repeated',
      collectParts,
      [],
    )
    .addOption(
      new Option('--whole-bucket', 'everything in the bucket, where the rules lend it so').conflicts(
        'prefix',
      ),
    )
    .addOption(new Option('--access <LEVEL>', 'list and get, or names only').choices(['read', 'list']))
    .option('--reason <TEXT>', 'what you need the data for')
    .option('--ticket <KEY>', 'the ticket behind it')
    .option('--duration <LENGTH>', 'how long: 30m, 4h, 1d12h')
    .option('--start <INSTANT>', 'when it begins (default: at the merge)')
    .option('--name <NAME>', "the file's name (default: made from your login and the ticket or reason)")
    .option('--dry-run', 'show all, send nothing')
    .option('-y, --yes', 'send without asking whether to')
  accountFlags(repositoryFlags(command)).action(async () => {
    const { request } = await import('./request.ts')
    await finish<RequestOptions>(command, request)
  })
}

function addValidate(program: Command, finish: Finish): void {
  const command = program
    .command('validate')
    .description(
      'Check requests, rules and CODEOWNERS as the check on GitHub would. Without paths: whatever the working tree has otherwise than the base.',
    )
    .argument(
      '[paths...]',
      'files to check, or folders of them; files that are none of the three are passed over',
    )
    .option('--at <INSTANT>', 'judge as of this time (default: now)', instant)
  accountFlags(rulesFlags(command))
    .option('--repository <OWNER/NAME>', 'which entry of the operator file counts')
    .action(async (paths: string[]) => {
      const { validate } = await import('./validate.ts')
      await finish<ValidateOptions>(command, (options, output) =>
        validate(paths, { ...options, at: options.at ?? now() }, output),
      )
    })
}

function addPolicy(program: Command, finish: Finish): void {
  const command = program
    .command('policy')
    .description('Print the very IAM policies that a request would become.')
    .argument('<file>', "the request's file")
    .option('--explain', 'say in words what every statement does')
    .option('--at <INSTANT>', 'as if merged at this time (default: now)', instant)
    .option('--pull <NUMBER>', "its pull request, for the role's name", wholeNumber)
    .option('--repository-id <NUMBER>', "the repository's number, for the role's name", wholeNumber)
  accountFlags(rulesFlags(command))
    .option('--repository <OWNER/NAME>', 'which entry of the operator file counts')
    .action(async (file: string) => {
      const { policy } = await import('./policy.ts')
      await finish<PolicyOptions>(command, (options, output) =>
        policy(file, { ...options, at: options.at ?? now() }, output),
      )
    })
}

function addStatus(program: Command, finish: Finish): void {
  const command = program
    .command('status')
    .description('Say where your requests stand: what they wait for, how long access lasts, why it ended.')
    .option('--all', "everybody's")
    .addOption(
      new Option('--since <LENGTH>', 'those whose pull request changed in this time')
        .argParser(duration)
        .default(30 * DAY, '30d'),
    )
  repositoryFlags(command).action(async () => {
    const { status } = await import('./status.ts')
    await finish<StatusOptions>(command, status)
  })
}

function addWho(program: Command, finish: Finish): void {
  const command = program
    .command('who')
    .description(
      "Say who can read a bucket now through Daypass: by git and Daypass's own record, and by IAM where your AWS credentials may list its roles.",
    )
    .argument('<bucket>', "the bucket's name; ACCOUNT/BUCKET or s3://BUCKET will do too")
    .option('--account <ALIAS>', 'its account, where several have a bucket of that name')
  repositoryFlags(command).action(async (bucket: string) => {
    const { who } = await import('./who.ts')
    await finish<WhoOptions>(command, (options, output) => who(bucket, options, output))
  })
}

function addProfile(program: Command, finish: Finish): void {
  const command = program
    .command('profile')
    .description('Write the AWS profile of a grant into the file that the AWS CLI reads.')
    .argument('[request]', "its path, name or pull request's number (default: the only one that you have)")
    .option('--file <FILE>', 'the file (default: AWS_CONFIG_FILE, or ~/.aws/config)')
    .option('--source <PROFILE>', 'the profile that you sign in with (default: default, or your SSO profile)')
    .option('--region <REGION>', "the bucket's region (default: as the comment says)")
    .option('--print', 'print the profile and write nothing')
  repositoryFlags(command).action(async (request?: string) => {
    const { profile } = await import('./profile.ts')
    await finish<ProfileOptions>(command, (options, output) => profile(request, options, output))
  })
}

function addExtend(program: Command, finish: Finish): void {
  const command = program
    .command('extend')
    .description(
      'Ask for a longer window of an access that stands: shows the new end, and opens a pull request that changes the duration, and the reason where that is said. It has to be approved and merged before the old end. Asks whether to send it. Without a terminal, or with --json, it asks nothing and sends at once: --dry-run only looks.',
    )
    .argument('[request]', "its path, name or pull request's number (default: the only one that you have)")
    .addOption(
      new Option('--by <LENGTH>', 'how much longer: 30m, 2h').argParser(duration).conflicts('duration'),
    )
    .option('--duration <LENGTH>', 'how long in all, from the start of the window', duration)
    .option('--reason <TEXT>', 'why it takes longer (default: the reason stays)')
    .option('--dry-run', 'show all, send nothing')
    .option('-y, --yes', 'send without asking whether to')
  accountFlags(repositoryFlags(command)).action(async (request?: string) => {
    const { extend } = await import('./extend.ts')
    await finish<ExtendOptions>(command, (options, output) => extend(request, options, output))
  })
}

function addRevoke(program: Command, finish: Finish): void {
  const command = program
    .command('revoke')
    .description(
      'Give access back early, your own or that of a path that you own by CODEOWNERS: comments `/daypass revoke`, and Daypass ends it within seconds where you may.',
    )
    .argument('[request]', "its path, name or pull request's number (default: the only one that you have)")
  repositoryFlags(command).action(async (request?: string) => {
    const { revoke } = await import('./revoke.ts')
    await finish<GitHubOptions>(command, (options, output) => revoke(request, options, output))
  })
}

function addEndAll(program: Command, finish: Finish): void {
  const command = program
    .command('end-all')
    .description(
      'End every grant of a repository or an account at once, from AWS alone: for whoever runs Daypass, with the credentials of its hub role.',
    )
    .addOption(new Option('--operator <FILE>', 'the operator file').env('DAYPASS_OPERATOR_FILE'))
    .option(
      '--repository <OWNER/NAME>',
      'what is lent through this repository, by its name or number in that file',
    )
    .option('--account <ALIAS>', 'what is lent in this account')
    .option('--yes', 'without asking')
  command.action(async () => {
    const { endAll } = await import('./end-all.ts')
    await finish<EndAllOptions>(command, endAll)
  })
}

function addAudit(program: Command, finish: Finish): void {
  const command = program
    .command('audit')
    .description(
      'Say who had what, when, why, approved by whom, until when and ended because, from a clone alone, without any network; and what is odd about it.',
    )
    .option('--ref <REF>', 'the branch to read (default: the default branch of origin, else HEAD)')
    .option('--key <FILE>', "the app's public key, PEM, to check receipts with; may be repeated", collect, [])
    .option('--since <INSTANT>', 'what stood at or after this time', instant)
    .option('--until <INSTANT>', 'what began before this time', instant)
    .option('--person <LOGIN>', 'requests of this person')
    .option('--approver <LOGIN>', 'those that this person approved')
    .option('--bucket <NAME>', 'those for this bucket')
    .option('--account <ALIAS>', 'those in this account, by alias or id')
    .addOption(new Option('--state <STATE...>', 'those that stand so').choices(STATES))
    .option('--anomalies', 'only what is odd')
    .addOption(new Option('--format <FORMAT>', 'how to tell it').choices(FORMATS).default('table'))
    .option('--output <FILE>', 'write into a file instead (not the table)')
    .option('--at <INSTANT>', 'as it stood at this time (default: now)', instant)
    .option('--verify', 'take the evidence again from GitHub and IAM, and say what it contradicts')
    .option(
      '--app-id <NUMBER>',
      'the app whose records count (default: the one that wrote them)',
      wholeNumber,
    )
  repositoryFlags(command).action(async () => {
    const { audit } = await import('./audit.ts')
    await finish<AuditOptions>(command, (options, output) =>
      audit({ ...options, at: options.at ?? now() }, output),
    )
  })
}
