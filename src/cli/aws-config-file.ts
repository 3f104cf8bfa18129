/** Puts one profile into the file that the AWS CLI reads, and leaves everything else in it as it is. */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { Failure, reasonOf } from './failure.ts'

export function awsConfigFile(): string {
  return process.env.AWS_CONFIG_FILE || join(homedir(), '.aws', 'config')
}

export async function readConfigFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw new Failure(`${file} can't be read: ${reasonOf(error)}.`, 'Name another with --file FILE.')
  }
}

const HEADER = /^[ \t]*\[[ \t]*(?:profile[ \t]+)?["']?([^\]"']+?)["']?[ \t]*\]/

/** `block`: a whole profile, its header first. The one of that name gives way to it; else it goes to the end. */
export function withProfile(config: string, block: string): string {
  const name = HEADER.exec(block)?.[1]
  const lines = config.split('\n')
  const start = lines.findIndex((line) => HEADER.exec(line)?.[1] === name)
  if (start < 0) {
    const before = config === '' ? '' : `${config.replace(/\n*$/, '\n')}\n`
    return `${before}${block}\n`
  }
  const next = lines.findIndex((line, index) => index > start && HEADER.test(line))
  let end = next < 0 ? lines.length : next
  // Blank lines and comments before the next profile belong to that.
  while (end > start + 1 && /^\s*(?:[#;].*)?$/.test(lines[end - 1] ?? '')) end--
  const rest = lines.slice(end)
  return [...lines.slice(0, start), block, ...(rest.length > 0 ? rest : [''])].join('\n')
}

/** Profiles of the file that sign in by Identity Center with this permission set in this account. */
export function ssoProfiles(
  config: string,
  wanted: { readonly accountId: string; readonly permissionSet: string },
): readonly string[] {
  const profiles: { readonly name: string; readonly fields: Map<string, string> }[] = []
  for (const line of config.split('\n')) {
    const name = HEADER.exec(line)?.[1]
    const [, key, value] = /^\s*([\w-]+)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (name !== undefined) profiles.push({ name, fields: new Map() })
    else if (key !== undefined) profiles.at(-1)?.fields.set(key, value ?? '')
  }
  return profiles.flatMap(({ name, fields }) =>
    fields.get('sso_account_id') === wanted.accountId && fields.get('sso_role_name') === wanted.permissionSet
      ? [name]
      : [],
  )
}

/** Whole or not at all, with the permissions it had; where it is a link, what it leads to is written. */
export async function writeConfigFile(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    const target = await realpath(file).catch(() => file)
    const mode = await stat(target).then(
      (found) => found.mode & 0o777,
      () => 0o600,
    )
    const draft = `${target}.${randomBytes(6).toString('hex')}.part`
    try {
      await writeFile(draft, text, { mode, flag: 'wx' })
      await rename(draft, target)
    } catch (error) {
      await rm(draft, { force: true })
      throw error
    }
  } catch (error) {
    throw new Failure(`${file} can't be written: ${reasonOf(error)}.`, 'Name another with --file FILE.')
  }
}
