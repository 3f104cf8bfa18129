/** Writes the JSON Schemas: of requests, rules and operator files for editors, and of the event stream for whoever reads it. */
import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { EventSchema } from './core/event.ts'
import { RequestSchema } from './core/request.ts'
import { RulesSchema } from './core/rules-schema.ts'
import { OperatorSchema } from './operator-file.ts'

const SCHEMAS = { request: RequestSchema, rules: RulesSchema, operator: OperatorSchema, event: EventSchema }

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
