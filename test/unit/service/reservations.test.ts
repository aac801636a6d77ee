import { expect, test } from 'vitest'
import { reservationCounter } from '../../../exporters/service/reservations.ts'
import { freshInstruments, linesOf } from './kept.ts'

test('every outcome is there before the first reservation, so that rate() sees the first of each', async () => {
  const instruments = freshInstruments()
  reservationCounter(instruments)
  expect(await linesOf(instruments, 'reservations_total')).toEqual([
    'reservations_total{status="confirmed"} 0',
    'reservations_total{status="rejected"} 0',
    'reservations_total{status="failed"} 0',
    'reservations_total{status="cancelled"} 0',
  ])
})

test('outcomes are counted by themselves', async () => {
  const instruments = freshInstruments()
  const count = reservationCounter(instruments)
  for (const outcome of ['confirmed', 'failed', 'confirmed'] as const) count(outcome)
  expect(await linesOf(instruments, 'reservations_total')).toEqual([
    'reservations_total{status="confirmed"} 2',
    'reservations_total{status="rejected"} 0',
    'reservations_total{status="failed"} 1',
    'reservations_total{status="cancelled"} 0',
  ])
})
