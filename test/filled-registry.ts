import { Counter, Gauge, Histogram, Registry, type RegistryContentType } from 'prom-client'

const room = 'the "blue # {one="1"} 2 3 }\\n\n{'

/** What a service may have that counts with prom-client, and exemplars where they can be printed. */
export const filledRegistry = (open: boolean) => {
  const registry = new Registry<RegistryContentType>()
  if (open) registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  const registers = [registry]
  const labelNames: string[] = ['room']
  const orders = new Counter({ name: 'orders_total', help: 'Orders\n\\n "x"', labelNames, registers })
  orders.inc({ room }, 3)
  orders.inc({ room: '' }, 1)
  new Counter({ name: 'none_total', help: 'Not one', labelNames, registers })
  const waits = new Histogram({
    name: 'wait_seconds',
    help: 'Waits',
    labelNames,
    buckets: [0.5, 1],
    registers,
    enableExemplars: open,
  })
  const exemplarLabels = { trace_id: 'a1', note: room }
  if (open) waits.observe({ labels: { room }, value: 0.75, exemplarLabels })
  else waits.observe({ room }, 0.75)
  const gauge = new Gauge({ name: 'guests_created', help: 'Guests', labelNames, registers })
  for (const [value, who] of [Number.NaN, Infinity, -Infinity, 1e21, -2.5].entries())
    gauge.set({ room: `${value}` }, who)
  return registry
}
