import {
  acknowledgementsUnseen,
  incidentDeliveriesFailing,
  incidentDeliveriesRefused,
  incidentsNotKept,
} from '../../../alerts/stack/incidents.ts'
import { alertmanagerUp, deliveriesTotal, ledgerUp } from '../../../exporters/incidents/metrics.ts'
import type { Case } from '../case.ts'
import { scraped, series } from '../series.ts'

const labels = scraped.incidents

const states: readonly Case[] = [
  {
    name: 'a recorder that does not reach Alertmanager is told',
    about: acknowledgementsUnseen,
    series: [series(alertmanagerUp, 'incidents', '1x2 0x5'), series(ledgerUp, 'incidents', '1x10')],
    at: '6m',
    fires: [{ rule: acknowledgementsUnseen, labels }],
  },
  {
    name: 'a recorder that misses Alertmanager at every second question is not told',
    about: acknowledgementsUnseen,
    series: [series(alertmanagerUp, 'incidents', '0 1 '.repeat(10).trim()), series(ledgerUp, 'incidents', '0x20')],
    step: '30s',
    at: '8m',
    fires: [],
  },
  {
    name: 'a recorder that does not reach Alertmanager since a minute is not told',
    about: acknowledgementsUnseen,
    series: [series(alertmanagerUp, 'incidents', '1x2 0x5')],
    at: '4m',
    fires: [],
  },
  {
    name: 'a recorder that cannot keep incidents is told',
    about: incidentsNotKept,
    series: [series(ledgerUp, 'incidents', '1x2 0x5'), series(alertmanagerUp, 'incidents', '1x10')],
    at: '6m',
    fires: [{ rule: incidentsNotKept, labels }],
  },
  {
    name: 'a recorder that failed to keep something once is not told',
    about: incidentsNotKept,
    series: [series(ledgerUp, 'incidents', '1x2 0 1x9'), series(alertmanagerUp, 'incidents', '0x20')],
    at: '5m',
    fires: [],
  },
  {
    name: 'a recorder that cannot keep incidents since a minute is not told',
    about: incidentsNotKept,
    series: [series(ledgerUp, 'incidents', '1x2 0x5')],
    at: '4m',
    fires: [],
  },
]

const deliveries = (result: string, values: string) => series(deliveriesTotal, 'incidents', values, { result })

const outcomes: readonly Case[] = [
  {
    name: 'notifications that could not be kept are told',
    about: incidentDeliveriesFailing,
    series: [deliveries('failed', '0x30 0+1x12'), deliveries('recorded', '0+1x45'), deliveries('refused', '0x45')],
    at: '42m',
    fires: [{ rule: incidentDeliveriesFailing, labels: { ...labels, result: 'failed' }, value: '11' }],
  },
  {
    name: 'a single notification that could not be kept is not told',
    about: incidentDeliveriesFailing,
    series: [deliveries('failed', '0x30 1x15'), deliveries('recorded', '0+1x45'), deliveries('refused', '0+1x45')],
    at: '42m',
    fires: [],
  },
  {
    name: 'notifications that could not be kept are not told in the very moment',
    about: incidentDeliveriesFailing,
    series: [deliveries('failed', '0x30 3x15')],
    at: '31m',
    fires: [],
  },
  {
    name: 'what the recorder refused is told',
    about: incidentDeliveriesRefused,
    series: [deliveries('refused', '0x30 0+1x12'), deliveries('recorded', '0+1x45'), deliveries('failed', '0x45')],
    at: '42m',
    fires: [{ rule: incidentDeliveriesRefused, labels: { ...labels, result: 'refused' }, value: '11' }],
  },
  {
    name: 'a single thing that the recorder refused is not told',
    about: incidentDeliveriesRefused,
    series: [deliveries('refused', '0x30 1x15'), deliveries('recorded', '0+1x45'), deliveries('failed', '0+1x45')],
    at: '42m',
    fires: [],
  },
  {
    name: 'what the recorder refused is not told in the very moment',
    about: incidentDeliveriesRefused,
    series: [deliveries('refused', '0x30 3x15')],
    at: '31m',
    fires: [],
  },
]

export const incidentCases: readonly Case[] = [...states, ...outcomes]
