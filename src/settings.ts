/** Single settings of the environment: each is read into its value, or a problem that never shows what was set. */
import { createPrivateKey, type KeyObject } from 'node:crypto'

export type Environment = Readonly<Record<string, string | undefined>>

/** Every code of a setting that can't be used; each has an example under `test/fixtures/problems`. */
export const SETTING_CODES = [
  'setting-missing',
  'setting-invalid',
  'setting-conflict',
  'file-unreadable',
  'file-unwritable',
  'operator-file',
] as const

export interface ConfigProblem {
  readonly code: (typeof SETTING_CODES)[number]
  /** A setting's name, or file, line and column. */
  readonly where: string
  readonly message: string
  readonly fix: string
}

/** Reads settings one after another, and keeps what is wrong with them. */
export interface Settings {
  readonly problems: readonly ConfigProblem[]
  /** An empty setting counts as none. */
  text(name: string): string | undefined
  report(problem: ConfigProblem): undefined
  /** What the file at `path` holds, which the setting `name` gave. */
  file(name: string, path: string): string | undefined
  /** Text that is set itself, or lies in the file that `<name>_PATH` names. */
  textOrFile(name: string): string | undefined
  url(name: string): URL | undefined
  wholeNumber(name: string, range: { min: number; max: number; otherwise: number }): number
  oneOf<T extends string>(name: string, words: readonly T[], otherwise: T): T
}

export function readSettings(env: Environment, readFile: (path: string) => string): Settings {
  const problems: ConfigProblem[] = []
  const text = (name: string) => env[name]?.trim() || undefined
  const report = (problem: ConfigProblem): undefined => {
    problems.push(problem)
  }
  const invalid = (where: string, message: string, fix: string) =>
    report({ code: 'setting-invalid', where, message, fix })

  function file(name: string, path: string): string | undefined {
    try {
      return readFile(path)
    } catch (error) {
      const message = `The file that ${name} names can't be read${reasonOf(error)}.`
      return report({
        code: 'file-unreadable',
        where: name,
        message,
        fix: 'Check the path and who may read it.',
      })
    }
  }

  return {
    problems,
    text,
    report,
    file,
    textOrFile(name) {
      const value = text(name)
      const pathName = `${name}_PATH`
      const path = text(pathName)
      if (value === undefined) return path === undefined ? undefined : file(pathName, path)
      if (path === undefined) return value
      const message = `${name} and ${pathName} are both set.`
      return report({ code: 'setting-conflict', where: name, message, fix: 'Keep one of the two.' })
    },
    url(name) {
      const value = text(name)
      if (value === undefined) return undefined
      const url = URL.canParse(value) ? new URL(value) : undefined
      const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url))
      if (url && isSafe && !url.username && !url.password && !url.search && !url.hash) return url
      const message = `${name} is not an address that may be used.`
      return invalid(
        name,
        message,
        'Write an https:// address without user or query; http:// is for this machine only.',
      )
    },
    wholeNumber(name, { min, max, otherwise }) {
      const value = text(name)
      if (value === undefined) return otherwise
      if (/^\d{1,9}$/.test(value) && Number(value) >= min && Number(value) <= max) return Number(value)
      invalid(
        name,
        `${name} is not a whole number from ${min} to ${max}.`,
        `Write one, or leave it out for ${otherwise}.`,
      )
      return otherwise
    },
    oneOf(name, words, otherwise) {
      const value = text(name)
      const found = words.find((word) => word === value)
      if (value === undefined || found !== undefined) return found ?? otherwise
      invalid(
        name,
        `${name} is none of ${words.join(', ')}.`,
        `Write one of them, or leave it out for ${otherwise}.`,
      )
      return otherwise
    },
  }
}

/** What the file system said, in brackets; nothing where it said nothing. */
export function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
}

export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}

/** PEM text as people pass it on: as it is, with `\n` for its line ends, or in base 64. */
export function pemOf(text: string): string {
  const unescaped = text.replaceAll('\\n', '\n')
  if (unescaped.includes('-----BEGIN')) return unescaped
  return Buffer.from(text, 'base64').toString('utf8')
}

export function privateKeyOf(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem)
  } catch {
    // Node's message may quote what it was given.
    return undefined
  }
}
