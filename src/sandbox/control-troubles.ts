/** The control's part that makes trouble: webhooks that go astray, calls that fail. */
import { z } from 'zod'
import type { Handler } from './control.ts'
import { BadInput, parseJson, readBodyAs } from './control-input.ts'
import { type Faults, readFaultOrder } from './faults.ts'
import { DELIVERY_MODES, type DeliveryOrder } from './github/webhooks.ts'

/** What can be made to go wrong. */
export interface Troubles {
  readonly faults: Faults
  readonly deliveries: DeliveryOrder
}

const deliveryOrder = z.strictObject({ deliver: z.enum(DELIVERY_MODES) })

export function troubleHandlers({ faults, deliveries }: Troubles): [string, Handler][] {
  const shown = () => ({ status: 200, body: { faults: faults.list(), webhooks: deliveries.mode() } })
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
  ]
}
