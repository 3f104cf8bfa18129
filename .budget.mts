import { openStage } from './test/proof/stage.ts'
import { requestYaml } from './test/support/world.ts'
const stage = await openStage(3)
const place = stage.nextRepository()!
const F = 'access-requests/prod/customer-exports'
const app = stage.startApp(place)
await app.look()
const one = await stage.openRequest('alice', place.name, `${F}/one.yaml`, requestYaml({}))
await app.look(); await stage.approve('olivia', one); await stage.merge('olivia', one); await app.look(); await app.look()
const two = await stage.openRequest('alice', place.name, `${F}/two.yaml`, requestYaml({duration: '2h'}))
await app.look(); await stage.approve('olivia', two); await app.look(); await app.look()
stage.setTime(stage.now() + 60)
await stage.merge('olivia', two)
stage.calls.clear()
stage.faults.order({ service: 'github', caller: 'app', fault: { kind: 'latency', ms: 200 } } as never)
stage.faults.order({ service: 'aws', caller: 'app', fault: { kind: 'latency', ms: 200 } } as never)
await app.look()
const calls = stage.calls.list().filter((c) => c.caller === 'app')
const d = new Map<number, number>()
for (const c of calls) { d.set(c.sequence, (d.get(c.after) ?? 0) + 1); console.log(d.get(c.sequence), c.sequence, '<-', c.after, c.method, decodeURIComponent(c.target).replace('/api/v3/repos/acme/access-spare-1', '').slice(0, 120), c.status) }
await stage.close(); process.exit(0)
