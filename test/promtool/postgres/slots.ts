import {
  postgresSlotInactive,
  postgresSlotLost,
  postgresSlotNearLoss,
  postgresSlotRetainsWal,
} from '../../../alerts/postgres/slots.ts'
import { slotRetained, slotSafeWal, slotWalStatus } from '../../../exporters/postgres/slot-health.ts'
import { slotActive } from '../../../exporters/postgres/slots.ts'
import type { Case } from '../case.ts'
import { scraped, series } from '../series.ts'
import { gibibytes, standby } from './at.ts'

const at = scraped.postgres
const slot = { slot_name: 'standby', slot_type: 'physical' }
const ofStandby = { slot_name: 'standby', database: '' }

const status = (present: string) =>
  ['reserved', 'extended', 'unreserved', 'lost'].map((one) =>
    series(slotWalStatus, 'postgres', `${one === present ? 1 : 0}x30`, { ...slot, status: one }),
  )

const unread = (values: string) => ({
  about: postgresSlotInactive,
  at: '20m' as const,
  series: [series(slotActive, 'postgres', values, ofStandby), ...status('extended')],
})

const inactive: readonly Case[] = [
  {
    name: 'a slot that nobody reads is told',
    ...unread('0x30'),
    fires: [{ rule: postgresSlotInactive, labels: { ...at, slot_name: 'standby' } }],
  },
  { name: 'a slot whose reader starts again is not told', ...unread('1x5 0x30'), at: '17m', fires: [] },
  { name: 'a slot that is read now and then is not told', ...unread('0x3 1 0x6 1 0x6 1 0x10'), fires: [] },
  { name: 'a slot that was just made is not told', ...unread('0x30'), at: '4m', fires: [] },
  {
    name: 'a slot that is lost is told as that alone',
    ...unread('0x30'),
    series: [series(slotActive, 'postgres', '0x30', ofStandby), ...status('lost')],
    fires: [],
  },
  {
    name: 'a slot that a standby copies from its primary has no reader',
    ...unread('0x30'),
    series: [...unread('0x30').series, standby],
    fires: [],
  },
]

const keeping = (bytes: number) => ({
  about: postgresSlotRetainsWal,
  at: '10m' as const,
  series: [series(slotRetained, 'postgres', `${bytes}x30`, slot)],
})

const retains: readonly Case[] = [
  {
    name: 'a slot for which twenty gibibytes are kept is told',
    ...keeping(gibibytes(20)),
    fires: [{ rule: postgresSlotRetainsWal, labels: { ...at, ...slot }, value: '20Gi' }],
  },
  { name: 'a slot for which ten gibibytes are kept is not told', ...keeping(gibibytes(10)), fires: [] },
  { name: 'a slot that is read up within minutes is not told', ...keeping(gibibytes(20)), at: '4m', fires: [] },
]

const leaving = (safe: number, retained: number) => ({
  about: postgresSlotNearLoss,
  at: '5m' as const,
  series: [
    series(slotSafeWal, 'postgres', `${gibibytes(safe)}x30`, slot),
    series(slotRetained, 'postgres', `${gibibytes(retained)}x30`, slot),
  ],
})

const nearLoss: readonly Case[] = [
  {
    name: 'a slot with a tenth of what it may keep left is told',
    ...leaving(1, 9),
    fires: [{ rule: postgresSlotNearLoss, labels: { ...at, ...slot }, value: '10%' }],
  },
  {
    name: 'a slot past its limit is told',
    ...leaving(-0.5, 10.5),
    fires: [{ rule: postgresSlotNearLoss, labels: { ...at, ...slot }, value: '-5%' }],
  },
  { name: 'a slot with a fifth left is not told', ...leaving(2, 8), fires: [] },
  { name: 'a slot that has just come near its limit is not told', ...leaving(1, 9), at: '0m', fires: [] },
  { name: 'a slot that may keep nothing is not told', ...leaving(0, 0), fires: [] },
  {
    name: 'a slot without a limit loses nothing, however much it keeps',
    ...leaving(1, 9),
    series: [series(slotRetained, 'postgres', `${gibibytes(90)}x30`, slot)],
    fires: [],
  },
]

const lostAt = { about: postgresSlotLost, at: '5m' as const }

const lost: readonly Case[] = [
  {
    name: 'a slot that is lost is told',
    ...lostAt,
    series: status('lost'),
    fires: [{ rule: postgresSlotLost, labels: { ...at, ...slot, status: 'lost' } }],
  },
  { name: 'a slot about to be lost is not lost', ...lostAt, series: status('unreserved'), fires: [] },
  {
    name: 'a slot that is lost is not told before the next scrape says so too',
    ...lostAt,
    series: status('lost'),
    at: '0m',
    fires: [],
  },
]

export const slotCases: readonly Case[] = [...inactive, ...retains, ...nearLoss, ...lost]
