/** Writes the JSON Schemas that editors check requests, rules and operator files with, from the schemas that read them. */
import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { RequestSchema } from './core/request.ts'
import { RulesSchema } from './core/rules-schema.ts'
import { OperatorSchema } from './operator-file.ts'

const SCHEMAS = { request: RequestSchema, rules: RulesSchema, operator: OperatorSchema }

/** By file name. What a file says counts, so it is the input side; checks between fields can't be told there. */
export function jsonSchemas(): ReadonlyMap<string, object> {
  return new Map(
    Object.entries(SCHEMAS).map(([name, schema]) => {
      return [`${name}.schema.json`, z.toJSONSchema(schema, { target: 'draft-7', io: 'input' })]
    }),
  )
}

function writeSchemas(): void {
  for (const [name, schema] of jsonSchemas()) {
    writeFileSync(new URL(`../docs/schemas/${name}`, import.meta.url), `${JSON.stringify(schema, null, 2)}\n`)
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeSchemas()
