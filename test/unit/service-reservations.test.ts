import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { reservationCounter } from '../../exporters/service/reservations.ts'

const lines = async (registry: Registry) =>
  (await registry.metrics()).split('\n').filter((line) => line.startsWith('reservations_total'))

test('every outcome is there before the first reservation, so that rate() sees the first of each', async () => {
  const registry = new Registry()
  reservationCounter(registry)
  expect(await lines(registry)).toEqual([
    'reservations_total{status="confirmed"} 0',
    'reservations_total{status="rejected"} 0',
    'reservations_total{status="failed"} 0',
    'reservations_total{status="cancelled"} 0',
  ])
})

test('outcomes are counted by themselves', async () => {
  const registry = new Registry()
  const count = reservationCounter(registry)
  for (const outcome of ['confirmed', 'failed', 'confirmed'] as const) count(outcome)
  expect(await lines(registry)).toEqual([
    'reservations_total{status="confirmed"} 2',
    'reservations_total{status="rejected"} 0',
    'reservations_total{status="failed"} 1',
    'reservations_total{status="cancelled"} 0',
  ])
})

test('two services in one process count in registries of their own', async () => {
  const [one, other] = [new Registry(), new Registry()]
  reservationCounter(one)('confirmed')
  reservationCounter(other)
  expect((await lines(one))[0]).toBe('reservations_total{status="confirmed"} 1')
  expect((await lines(other))[0]).toBe('reservations_total{status="confirmed"} 0')
})
