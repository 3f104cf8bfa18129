import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'

/** One import of one file; `to` is a path below src/, or the name of a package. */
interface Import {
  readonly from: string
  readonly to: string
  readonly isType: boolean
}

const SOURCE = new URL('../src/', import.meta.url)
const IMPORT =
  /^(?:import|export)\b(?<clause>[^'"]*?\bfrom\s*|\s*)'(?<static>[^']+)'|\bimport\('(?<dynamic>[^']+)'\)/gm

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts'))
const imports = files.flatMap(importsOf)

function importsOf(from: string): Import[] {
  return [...read(from).matchAll(IMPORT)].map(({ groups }) => {
    const specifier = groups?.static ?? groups?.dynamic ?? ''
    const to = specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : specifier
    return { from, to, isType: /^\s*type\b/.test(groups?.clause ?? '') }
  })
}

function read(path: string): string {
  return readFileSync(new URL(path, SOURCE), 'utf8')
}

const isBelow = (folder: string) => (path: string) => path.startsWith(`${folder}/`)
const isFlow = (path: string) => !path.includes('/') && !['app.ts', 'server.ts', 'schemas.ts'].includes(path)

/** The imports of these files that lead elsewhere than they may, as sentences. */
function strayed(
  files: (path: string) => boolean,
  mayImport: (to: string, from: string) => boolean,
): string[] {
  return imports
    .filter(({ from, to }) => files(from) && !mayImport(to, from))
    .map(({ from, to }) => `${from} imports ${to}`)
}

test('every file of the product is looked at, and every import in it', () => {
  const written = files
    .map(read)
    .join('\n')
    .match(/\bfrom '|\bimport\('/g)?.length

  expect(files.length).toBeGreaterThan(100)
  expect(imports.length).toBe(written)
})

describe('the core', () => {
  test('imports itself, zod, js-yaml, hashes and comparison, and nothing else', () => {
    const allowed = new Set(['zod', 'js-yaml', 'node:crypto', 'node:util'])

    expect(strayed(isBelow('core'), (to) => isBelow('core')(to) || allowed.has(to))).toEqual([])
  })

  test('has no clock and no randomness', () => {
    const impure =
      /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\brandom(?:Bytes|UUID|Int)\b|\bperformance\b|\bprocess\./

    expect(files.filter(isBelow('core')).filter((path) => impure.test(read(path)))).toEqual([])
  })
})

test('the ports import types of the core, and nothing that runs', () => {
  expect(strayed((path) => path === 'ports.ts', isBelow('core'))).toEqual([])
  expect(imports.filter(({ from, isType }) => from === 'ports.ts' && !isType)).toEqual([])
})

test('the two flows see GitHub and AWS through the ports only', () => {
  const outside = (to: string) => isBelow('github')(to) || isBelow('aws')(to) || to.startsWith('@aws-sdk/')

  expect(strayed(isFlow, (to) => !outside(to))).toEqual([])
})

test('a preview does not know how a grant is written', () => {
  expect(read('preview.ts') + read('examine.ts')).not.toMatch(/\bGrantWriter\b|\bgrants\b/)
})

test('GitHub and AWS never import each other', () => {
  const own = (folder: string) => (to: string) =>
    to === 'ports.ts' ||
    to === 'clock.ts' ||
    isBelow('core')(to) ||
    isBelow(folder)(to) ||
    !to.endsWith('.ts')

  expect(strayed(isBelow('github'), (to) => own('github')(to) && !to.startsWith('@aws-sdk/'))).toEqual([])
  expect(strayed(isBelow('aws'), (to) => own('aws')(to) && !/^probot$|^@octokit\//.test(to))).toEqual([])
})

test('only the GitHub folder and the app speak to GitHub, and only the AWS folder to AWS', () => {
  const product = (path: string) => !isBelow('sandbox')(path)
  const gitHub = strayed(
    (path) =>
      product(path) &&
      !isBelow('github')(path) &&
      !['app.ts', 'index.ts', 'webhook-server.ts', 'cli/github.ts'].includes(path),
    (to) => !/^probot$|^@octokit\//.test(to),
  )
  const aws = strayed(
    (path) => product(path) && !isBelow('aws')(path),
    (to) => !to.startsWith('@aws-sdk/'),
  )

  expect([...gitHub, ...aws]).toEqual([])
})

test('the command line imports the core, the operator file, and of each cloud one reader only, but for what ends all', () => {
  const allowed = new Set([
    'operator-file.ts',
    'aws/own-view.ts',
    'github/own-view.ts',
    'commander',
    'js-yaml',
    'zod',
  ])
  const mayImport = (to: string) =>
    isBelow('cli')(to) || isBelow('core')(to) || allowed.has(to) || to.startsWith('node:')

  // What ends everything from AWS alone needs AWS, and a clock that can be trusted.
  const ends = (to: string) => isBelow('aws')(to) || to === 'clock.ts' || to === 'ports.ts'
  const isOwn = (to: string, from: string) =>
    from === 'cli/github.ts' || (from === 'cli/end-all.ts' && ends(to))

  expect(strayed(isBelow('cli'), (to, from) => mayImport(to) || isOwn(to, from))).toEqual([])
  expect(imports.filter(({ from, to }) => isBelow('cli')(to) && !isBelow('cli')(from))).toEqual([])
})

describe('the sandbox', () => {
  test('imports nothing of the product, so that it can not share a mistake with what it judges', () => {
    expect(strayed(isBelow('sandbox'), (to) => isBelow('sandbox')(to) || !to.endsWith('.ts'))).toEqual([])
  })

  test('is imported by the server only, and only when it is wanted', () => {
    const users = imports.filter(({ from, to }) => isBelow('sandbox')(to) && !isBelow('sandbox')(from))

    expect(new Set(users.map(({ from }) => from))).toEqual(new Set(['server.ts']))
    expect(read('server.ts')).not.toMatch(/^import (?!type)[^\n]*'\.\/sandbox\//m)
  })
})

test('nothing imports the Probot app but the process that runs it', () => {
  expect(imports.filter(({ to }) => to === 'index.ts')).toMatchObject([{ from: 'app.ts' }])
})

test('no imports go in a circle', () => {
  const next = new Map(files.map((file) => [file, runtimeImports(file)]))
  const done = new Set<string>()

  function circle(file: string, way: readonly string[]): readonly string[] | undefined {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file]
    if (done.has(file)) return undefined
    for (const to of next.get(file) ?? []) {
      const found = circle(to, [...way, file])
      if (found) return found
    }
    done.add(file)
    return undefined
  }

  expect(files.flatMap((file) => [circle(file, [])?.join(' → ') ?? []].flat())).toEqual([])
})

function runtimeImports(file: string): string[] {
  return imports
    .filter(({ from, to, isType }) => from === file && !isType && to.endsWith('.ts'))
    .map(({ to }) => to)
}
