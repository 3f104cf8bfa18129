/** A query as Athena reads it, by the grammar of Trino, which is Athena's engine; and what it answers of rows that a test gives. */
import { TrinoSQL } from 'dt-sql-parser/dist/parser/trino/index.js'

export type Row = Readonly<Record<string, unknown>>

export interface Query {
  readonly table: string
  /** Every column that it names anywhere, as a path into structs. */
  readonly columns: readonly string[]
  answer(rows: readonly Row[]): readonly Row[]
}

interface Node {
  readonly rule: string
  readonly text: string
  readonly children: readonly Node[]
}

interface Tree {
  readonly ruleIndex?: number
  readonly children?: readonly Tree[] | null
  getText(): string
}

/** Throws where it is no Trino; and, when it is asked for its answer, where it says what is not played here. */
export function readQuery(sql: string): Query {
  const trino = new TrinoSQL()
  const problems = trino.validate(sql)
  if (problems.length > 0) throw new Error(JSON.stringify(problems))
  const { ruleNames } = trino.createParser(sql)
  const tree = nodeOf(trino.parse(sql) as unknown as Tree, ruleNames)
  return {
    table: only(tree, 'tableRef').text,
    columns: [...new Set(all(tree, 'qualifiedName').flatMap(({ text }) => (isFunction(text) ? [] : [text])))],
    answer: (rows) => answer(tree, rows),
  }
}

function nodeOf(tree: Tree, rules: readonly string[]): Node {
  return {
    rule: tree.ruleIndex === undefined ? '' : (rules[tree.ruleIndex] ?? ''),
    text: tree.getText(),
    children: (tree.children ?? []).map((child) => nodeOf(child, rules)),
  }
}

/** The outermost ones of that rule. */
function all(node: Node, rule: string): readonly Node[] {
  return node.rule === rule ? [node] : node.children.flatMap((child) => all(child, rule))
}

function only(node: Node, rule: string): Node {
  const [found, ...more] = all(node, rule)
  if (found === undefined || more.length > 0)
    throw new Error(`not one ${rule}, but ${more.length}: ${node.text}`)
  return found
}

function answer(tree: Node, rows: readonly Row[]): readonly Row[] {
  const where = only(only(tree, 'whereClause'), 'booleanExpression')
  const order = only(tree, 'sortItem')
  const items = all(tree, 'selectItem')
  const sortKey = (row: Row) => String(evaluate(order, row))
  return rows
    .filter((row) => holds(where, row))
    .toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))
    .map((row) => Object.fromEntries(items.map((item) => [nameOf(item), evaluate(item, row)])))
}

function nameOf({ children: [item, ...rest] }: Node): string {
  const alias = [...(item?.children ?? []), ...rest].findLast(({ rule }) => rule === 'identifier')
  return alias?.text ?? item?.text ?? ''
}

function holds(node: Node, row: Row): boolean {
  const [left, middle, right] = node.children
  if (left && middle?.text === 'AND' && right) return holds(left, row) && holds(right, row)
  if (left === undefined || middle?.rule !== 'predicate') throw new Error(`not played: ${node.text}`)
  if (only(middle, 'comparisonOperator').text !== '=') throw new Error(`not played: ${node.text}`)
  return evaluate(left, row) === evaluate(only(middle, 'valueExpression'), row)
}

const isFunction = (name: string) => name === 'json_extract_scalar'

function evaluate(node: Node, row: Row): unknown {
  const [called] = all(node, 'functionName')
  if (called) return extract(called.text, all(only(node, 'primaryExpression'), 'expression'), row)
  const [column] = all(node, 'qualifiedName')
  if (column) return at(row, column.text)
  return only(node, 'string').text.slice(1, -1)
}

function at(row: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Row | undefined)?.[key], row)
}

/** `json_extract_scalar(column, '$.key')`: NULL for what is not there and for what is no scalar. */
function extract(name: string, parameters: readonly Node[], row: Row): unknown {
  const [json, path] = parameters.map((parameter) => evaluate(parameter, row))
  const [, key] = /^\$\.(\w+)$/.exec(String(path)) ?? []
  if (!isFunction(name) || key === undefined) throw new Error(`not played: ${name} of ${path}`)
  const value = typeof json === 'string' ? (JSON.parse(json) as Row)[key] : undefined
  return typeof value === 'object' ? undefined : value
}
