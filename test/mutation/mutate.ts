/**
 * Changes the heart of the judgement in every small way there is, and looks whether a test fails each time. A change
 * that no test notices has to stand in `survivors.json`, with its kind and why: `npm run mutate [group…] [--incremental]`.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { GROUPS, type Group } from './groups.ts'
import {
  countOf,
  judgeSurvivors,
  noticedIn,
  readReport,
  readSurvivors,
  type Survivor,
  survivorsOf,
} from './survivors.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const TOOLS = fileURLToPath(new URL('./', import.meta.url))
const SCRATCH = '.daypass/mutants'

function main(args: readonly string[]): void {
  const names = args.filter((arg) => !arg.startsWith('--'))
  const unknown = names.filter((name) => !GROUPS.some((group) => group.name === name))
  if (unknown.length > 0)
    throw new Error(
      `no such group: ${unknown.join(', ')}; there are ${GROUPS.map(({ name }) => name).join(', ')}`,
    )
  const groups = names.length === 0 ? GROUPS : GROUPS.filter(({ name }) => names.includes(name))
  install()
  for (const group of groups) run(group, args.includes('--incremental'))
  process.exitCode = report(groups) ? 0 : 1
}

/** Stryker is a project of its own: nobody who only uses Daypass has to install it. */
function install(): void {
  if (existsSync(`${TOOLS}node_modules/@stryker-mutator/core`)) return
  must('npm', ['ci', '--prefix', TOOLS], {})
}

function run({ name, files, tests }: Group, isIncremental: boolean): void {
  const config = JSON.parse(readFileSync(`${TOOLS}stryker.config.json`, 'utf8')) as Record<string, unknown>
  const incrementalFile = `${SCRATCH}/${name}-incremental.json`
  const own = {
    ...config,
    mutate: files,
    jsonReporter: { fileName: reportFile(name) },
    incremental: isIncremental,
    incrementalFile,
  }
  mkdirSync(`${ROOT}${SCRATCH}`, { recursive: true })
  writeFileSync(`${ROOT}${SCRATCH}/${name}-config.json`, JSON.stringify(own))
  if (existsSync(ROOT + incrementalFile))
    writeFileSync(ROOT + incrementalFile, JSON.stringify(noticedIn(readReport(ROOT + incrementalFile))))
  const stryker = `${TOOLS}node_modules/.bin/stryker`
  must(stryker, ['run', `${SCRATCH}/${name}-config.json`], { MUTATION_TESTS: tests.join(',') })
}

function must(command: string, args: readonly string[], env: Readonly<Record<string, string>>): void {
  const { status } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`)
}

const reportFile = (group: string) => `${SCRATCH}/${group}.json`

/** Prints the figures and whatever has to be looked at; whether all is as the list says. */
function report(groups: readonly Group[]): boolean {
  const reports = groups.map(({ name }) => readReport(`${ROOT}${reportFile(name)}`))
  console.log('\n| file | changes | noticed | not noticed |\n|---|---|---|---|')
  for (const { file, all, noticed, survived } of reports.flatMap(countOf))
    console.log(`| \`${file}\` | ${all} | ${noticed} | ${survived} |`)

  const files = groups.flatMap(({ files }) => files)
  const listed = readSurvivors().filter(({ file }) => files.includes(file))
  const { unlisted, stale } = judgeSurvivors(reports.flatMap(survivorsOf), listed)
  show('No test notices these, and they are not in the list', unlisted)
  show('These are in the list, but a test notices them, or they are gone', stale)
  return unlisted.length + stale.length === 0
}

function show(title: string, survivors: readonly Survivor[]): void {
  if (survivors.length === 0) return
  console.log(`\n${title}:`)
  for (const survivor of survivors) console.log(JSON.stringify(survivor))
}

main(process.argv.slice(2))
