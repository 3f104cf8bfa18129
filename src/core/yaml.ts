/** Reads YAML that nobody vouches for: one document of plain mappings, lists and scalars, and where each value stands. */
import {
  CORE_SCHEMA,
  constructFromEvents,
  EVENT_ID,
  type Event,
  getScalarValue,
  parseEvents,
  SCALAR_STYLE,
  YAMLException,
} from 'js-yaml'
import type { Mistake, Parsed, Position, Problem } from './problem.ts'
import { bounded, outcome, refused } from './problem.ts'
import { hiddenCharacters, quote } from './text.ts'

export type YamlPath = readonly PropertyKey[]

export interface YamlFile {
  readonly file: string
  readonly value: unknown
  /** Where the value (or its key) at `path` stands; where there is none, the nearest thing around it that exists. */
  locate(path: YamlPath, part?: 'key' | 'value'): Position
}

export interface YamlLimits {
  readonly maxBytes: number
}

/** Nothing that is read here nests deeper than six levels. */
const MAX_DEPTH = 16
/** More than this many would only hide each other. */
const MAX_HIDDEN = 20

export function readYaml(file: string, text: string, { maxBytes }: YamlLimits): Parsed<YamlFile> {
  const source = text.replace(/^\uFEFF/, '')
  const positions = lineIndex(source)
  const at = (offset: number, mistake: Mistake): Problem => ({ file, ...positions(offset), ...mistake })

  const bytes = Buffer.byteLength(source)
  if (bytes > maxBytes) return refused(at(0, tooLarge(bytes, maxBytes)))

  const hidden = hiddenCharacters(source, MAX_HIDDEN)
  const [first, ...others] = hidden.map(({ offset, name }) => at(offset, hiddenAt(name)))
  if (first) return refused(first, ...others)

  try {
    const events = parseEvents(source, { maxDepth: MAX_DEPTH })
    const { root, mistakes } = readTree(events, source)
    return outcome(
      bounded(mistakes, ({ offset, ...mistake }) => at(offset, mistake)),
      () => {
        const [value] = constructFromEvents(events, { source, schema: CORE_SCHEMA, maxAliases: 0 })
        return { file, value, locate: (path, part) => positions(offsetOf(root, path, part)) }
      },
    )
  } catch (error) {
    const offset = error instanceof YAMLException ? (error.mark?.position ?? 0) : 0
    return refused(at(offset, notYaml(error)))
  }
}

/** Where a value stands in the source, and what it holds. */
interface Node {
  readonly offset: number
  readonly keyOffset: number
  readonly children: Map<PropertyKey, Node>
}

interface LocatedMistake extends Mistake {
  readonly offset: number
}

/** Turns the flat events into a tree of offsets, noting on the way everything that is YAML but not wanted here. */
function readTree(events: readonly Event[], source: string): { root: Node; mistakes: LocatedMistake[] } {
  const mistakes: LocatedMistake[] = []
  const note = (offset: number, mistake: Mistake) => mistakes.push({ offset, ...mistake })
  let next = 0

  /** `around`: where an empty value is taken to stand. */
  function readNode(around: number, role: 'key' | 'value' | 'item'): Node {
    const event = events[next++]
    const offset = offsetOfEvent(event, around)
    const node: Node = { offset, keyOffset: role === 'value' ? around : offset, children: new Map() }
    if (!event || event.type === EVENT_ID.POP || event.type === EVENT_ID.DOCUMENT) return node
    if (event.anchorStart >= 0) note(event.anchorStart - 1, REFERENCE)
    if (event.type === EVENT_ID.ALIAS) return node
    if (event.tagStart >= 0) note(event.tagStart, TAG)
    if (event.type === EVENT_ID.MAPPING) readPairs(node)
    else if (event.type === EVENT_ID.SEQUENCE) readItems(node)
    else noteHidden(getScalarValue(source, event), node.offset)
    if (role === 'key' && event.type !== EVENT_ID.SCALAR) note(node.offset, KEY_NOT_TEXT)
    return node
  }

  /** A double-quoted escape can spell what the source does not show. */
  function noteHidden(value: string, offset: number): void {
    const [first] = hiddenCharacters(value, 1)
    if (first) note(offset, hiddenAt(first.name))
  }

  function readPairs(mapping: Node): void {
    while (!ends(events[next])) {
      const keyEvent = events[next]
      const key = readNode(mapping.offset, 'key')
      const value = readNode(key.offset, 'value')
      if (keyEvent?.type !== EVENT_ID.SCALAR) continue
      const name = getScalarValue(source, keyEvent)
      if (name === '<<') note(key.offset, MERGE_KEY)
      else if (name === '__proto__') note(key.offset, KEY_NOT_TEXT)
      else if (mapping.children.has(name)) note(key.offset, duplicateKey(name))
      else mapping.children.set(name, value)
    }
    next++
  }

  function readItems(sequence: Node): void {
    for (let index = 0; !ends(events[next]); index++)
      sequence.children.set(index, readNode(sequence.offset, 'item'))
    next++
  }

  if (events.length === 0) note(0, EMPTY)
  next++
  const root = readNode(0, 'item')
  // After the root comes the end of its document, then nothing more.
  const second = next + 1
  if (second < events.length) note(source.length, SEVERAL_DOCUMENTS)
  return { root, mistakes }
}

const ends = (event: Event | undefined): boolean => !event || event.type === EVENT_ID.POP

/** Where a node begins; an empty value stands where its key does. */
function offsetOfEvent(event: Event | undefined, fallback: number): number {
  switch (event?.type) {
    case EVENT_ID.MAPPING:
    case EVENT_ID.SEQUENCE:
      return event.start
    case EVENT_ID.ALIAS:
      return event.anchorStart - 1
    case EVENT_ID.SCALAR: {
      if (event.valueStart < 0) return fallback
      const isQuoted =
        event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED
      return isQuoted ? event.valueStart - 1 : event.valueStart
    }
    default:
      return fallback
  }
}

function offsetOf(root: Node, path: YamlPath, part: 'key' | 'value' = 'value'): number {
  let node = root
  for (const step of path) {
    const child = node.children.get(step)
    // What is missing is looked for at the key of what should hold it.
    if (!child) return node.keyOffset
    node = child
  }
  return part === 'key' ? node.keyOffset : node.offset
}

/** Where offsets stand; the lines are looked for once somebody asks. */
function lineIndex(source: string): (offset: number) => Position {
  let found: readonly number[] | undefined
  return (offset) => {
    found ??= lineStarts(source)
    const starts = found
    const within = Math.max(0, Math.min(offset, source.length))
    const line = lastAtMost(starts, within)
    return { line: line + 1, column: within - (starts[line] ?? 0) + 1 }
  }
}

/** Lines end as YAML's do: with LF, CR LF or CR. */
function lineStarts(source: string): readonly number[] {
  const starts = [0]
  for (let i = 0; i < source.length; i++) {
    const isEnd = source[i] === '\n' || (source[i] === '\r' && source[i + 1] !== '\n')
    if (isEnd) starts.push(i + 1)
  }
  return starts
}

/** Index of the last of some ascending numbers that is not beyond a limit; the first number never is. */
function lastAtMost(ascending: readonly number[], limit: number): number {
  let low = 0
  let high = ascending.length
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if ((ascending[middle] ?? 0) <= limit) low = middle
    else high = middle
  }
  return low
}

const EMPTY: Mistake = {
  code: 'empty-file',
  message: 'The file is empty.',
  fix: 'Fill in its fields; access-requests/README.md shows them.',
}

const SEVERAL_DOCUMENTS: Mistake = {
  code: 'several-documents',
  message: 'The file holds more than one YAML document.',
  fix: 'Keep one, and delete the lines `---` between them.',
}

const REFERENCE: Mistake = {
  code: 'reference',
  message: 'Anchors (`&name`) and aliases (`*name`) are not read.',
  fix: 'Write the value out; if it is meant as text, put it in quotes.',
}

const TAG: Mistake = {
  code: 'tag',
  message: 'Tags (`!name`) are not read.',
  fix: 'Delete the tag; if it is meant as text, put it in quotes.',
}

const MERGE_KEY: Mistake = {
  code: 'merge-key',
  message: 'Merge keys (`<<`) are not read.',
  fix: 'Write the fields out.',
}

const KEY_NOT_TEXT: Mistake = {
  code: 'key-not-text',
  message: 'This can not be the name of a field.',
  fix: 'Write a plain name before the colon.',
}

const duplicateKey = (name: string): Mistake => ({
  code: 'duplicate-key',
  message: `${quote(name)} is written twice.`,
  fix: 'Keep one of the two.',
})

const hiddenAt = (name: string): Mistake => ({
  code: 'hidden-character',
  message: `Here is a character that readers can't see or that turns the text around: ${name}.`,
  fix: 'Delete it, and type the text around it again by hand.',
})

const tooLarge = (bytes: number, maxBytes: number): Mistake => ({
  code: 'too-large',
  message: `The file has ${bytes} bytes; at most ${maxBytes} are read.`,
  fix: 'Shorten it.',
})

function notYaml(error: unknown): Mistake {
  const reason = error instanceof YAMLException ? error.reason : 'it can not be read'
  if (reason.startsWith('nesting exceeded')) {
    return { code: 'too-deep', message: `Values nest deeper than ${MAX_DEPTH} levels.`, fix: 'Flatten them.' }
  }
  return {
    code: 'not-yaml',
    message: `This is not valid YAML: ${reason}.`,
    fix: 'Check colons, brackets and indentation (spaces, no tabs) here, and put text with special characters in quotes.',
  }
}
