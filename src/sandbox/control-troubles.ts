/** The control's part that makes trouble: webhooks that go astray, calls that fail, an IAM that is slow to follow. */
import { z } from 'zod'
import type { IamSettings } from './aws/consistency.ts'
import type { Handler } from './control.ts'
import { BadInput, parseJson, readBodyAs, readDuration } from './control-input.ts'
import { type Faults, readFaultOrder } from './faults.ts'
import { DELIVERY_MODES, type DeliveryOrder } from './github/webhooks.ts'

/** What can be made to go wrong. */
export interface Troubles {
  readonly faults: Faults
  readonly deliveries: DeliveryOrder
  readonly iam: IamSettings
}

const deliveryOrder = z.strictObject({ deliver: z.enum(DELIVERY_MODES) })
const iamOrder = z.union([
  z.strictObject({ delay: z.string() }),
  z.strictObject({ rolesQuota: z.int().min(0).max(10_000) }),
])

export function troubleHandlers({ faults, deliveries, iam }: Troubles): [string, Handler][] {
  const iamShown = () => ({ delay: `${iam.delayMs() / 1000}s`, rolesQuotas: iam.rolesQuotas() })
  const shown = () => ({
    status: 200,
    body: { faults: faults.list(), webhooks: deliveries.mode(), iam: iamShown() },
  })
  const delivery = () => ({ status: 200, body: { deliver: deliveries.mode() } })
  return [
    ['GET /faults', shown],
    [
      'POST /faults',
      ({ body }) => {
        const order = readFaultOrder(parseJson(body))
        if (typeof order === 'string') throw new BadInput(order)
        return { status: 201, body: faults.order(order) }
      },
    ],
    [
      'DELETE /faults',
      () => {
        faults.clear()
        deliveries.setMode('normal')
        iam.setDelay(0)
        return shown()
      },
    ],
    ['GET /webhooks', delivery],
    [
      'POST /webhooks',
      ({ body }) => {
        const { deliver } = readBodyAs(body, deliveryOrder, `{"deliver": "${DELIVERY_MODES.join('"|"')}"}`)
        deliveries.setMode(deliver)
        return delivery()
      },
    ],
    ['GET /iam', () => ({ status: 200, body: iamShown() })],
    [
      'POST /iam',
      ({ body }) => {
        const order = readBodyAs(body, iamOrder, '{"delay": "10s"} or {"rolesQuota": 1000}')
        if ('delay' in order) iam.setDelay(readDuration(order.delay))
        else iam.setRolesQuota(order.rolesQuota)
        return { status: 200, body: iamShown() }
      },
    ],
  ]
}
