import { createStages } from './test/proof/stages.ts'
import { FLOWS } from './test/proof/flows.ts'
import { runUndisturbed, runDisturbed } from './test/proof/crash-matrix.ts'
const stages = createStages(40)
const only = process.argv[2]
const from = Number(process.argv[3] ?? 1)
const step = Number(process.argv[4] ?? 1000)
for (const flow of FLOWS) {
  if (only && !flow.name.startsWith(only)) continue
  try {
    const course = await runUndisturbed(stages, flow)
    console.log(flow.name, course.calls)
    for (let n = from; n <= course.calls; n += step) {
      for (const mishap of [{ kind: 'killed', after: n }, { kind: 'unheard', call: n }] as const) {
        const diff = await runDisturbed(stages, flow, course, mishap)
        if (diff.length) console.log(JSON.stringify(mishap), diff.map((l) => l.replaceAll("\n", "|").slice(0, 300)).join("\n"))
      }
    }
  } catch (e) { console.log(flow.name, String(e).slice(0, 3000)) }
}
await stages.close()
process.exit(0)
