import { apiAnswerUnexpected, apiDown, apiProbeSlow } from '../../../alerts/probe/reach.ts'
import { probeDuration, probeRedirects, probeStatusCode, probeSuccess, up } from '../../../metrics/foreign.ts'
import type { Case } from '../case.ts'
import { scraped, series } from '../series.ts'

const down: readonly Case[] = [
  {
    name: 'an API whose health check fails is told, though its metrics can be scraped',
    about: apiDown,
    series: [series(up, 'api', '1x10'), series(probeSuccess, 'probe', '1x2 0x5')],
    at: '5m',
    fires: [{ rule: apiDown, labels: scraped.probe }],
  },
  {
    name: 'an API whose health check answers with an error is told',
    about: apiDown,
    series: [series(probeStatusCode, 'probe', '503x10'), series(probeSuccess, 'probe', '0x10')],
    at: '5m',
    fires: [{ rule: apiDown, labels: scraped.probe }],
  },
  {
    name: 'an API that answers its health check is not told, though it cannot be scraped',
    about: apiDown,
    series: [series(up, 'api', '0x10'), series(probeSuccess, 'probe', '1x10')],
    at: '10m',
    fires: [],
  },
  {
    name: 'an API whose health check failed once is not told',
    about: apiDown,
    series: [series(probeSuccess, 'probe', '1x8 0x1 1x10')],
    step: '30s',
    at: '5m',
    fires: [],
  },
]

const slow: readonly Case[] = [
  {
    name: 'a health check that takes longer than a second is told',
    about: apiProbeSlow,
    series: [series(probeSuccess, 'probe', '1x20'), series(probeDuration, 'probe', '1.5x20')],
    at: '15m',
    fires: [{ rule: apiProbeSlow, labels: scraped.probe, value: '1.5s' }],
  },
  {
    name: 'a health check that takes nearly a second is not told',
    about: apiProbeSlow,
    series: [series(probeSuccess, 'probe', '1x20'), series(probeDuration, 'probe', '0.95x20')],
    at: '15m',
    fires: [],
  },
  {
    name: 'a health check that is slow for three minutes is not told',
    about: apiProbeSlow,
    series: [series(probeSuccess, 'probe', '1x20'), series(probeDuration, 'probe', '0.1x9 3x10')],
    at: '13m',
    fires: [],
  },
  {
    name: 'a slow health check that fails every now and then is not told as a slow one',
    about: apiProbeSlow,
    series: [series(probeSuccess, 'probe', '1x2 0 1x2 0 1x2 0 1x2 0 1x2 0'), series(probeDuration, 'probe', '3x20')],
    at: '15m',
    fires: [],
  },
  {
    name: 'a health check that failed slowly is not told as a slow one',
    about: apiProbeSlow,
    series: [series(probeSuccess, 'probe', '0x20'), series(probeDuration, 'probe', '5x20')],
    at: '15m',
    fires: [],
  },
]

const answers = (status: string, redirects: string, success = '1x30') => [
  series(probeSuccess, 'probe', success),
  series(probeStatusCode, 'probe', status),
  series(probeRedirects, 'probe', redirects),
]
const unexpected: readonly Case[] = [
  {
    name: 'a health check that is redirected is told',
    about: apiAnswerUnexpected,
    series: answers('200x30', '1x30'),
    at: '20m',
    fires: [{ rule: apiAnswerUnexpected, labels: scraped.probe }],
  },
  {
    name: 'a health check that is redirected every second time is told',
    about: apiAnswerUnexpected,
    series: answers('200x30', `1 ${'0 1 '.repeat(15)}`.trim()),
    at: '20m',
    fires: [{ rule: apiAnswerUnexpected, labels: scraped.probe }],
  },
  {
    name: 'a health check that answers with another status every second time is told',
    about: apiAnswerUnexpected,
    series: answers(`204 ${'200 204 '.repeat(15)}`.trim(), '0x30'),
    at: '20m',
    fires: [{ rule: apiAnswerUnexpected, labels: scraped.probe }],
  },
  {
    name: 'a health check that fails every second time is not told as one that answers otherwise',
    about: apiAnswerUnexpected,
    series: answers('204x30', '1x30', `1 ${'0 1 '.repeat(15)}`.trim()),
    at: '20m',
    fires: [],
  },
  {
    name: 'a health check that answers with another status is told',
    about: apiAnswerUnexpected,
    series: answers('204x30', '0x30'),
    at: '20m',
    fires: [{ rule: apiAnswerUnexpected, labels: scraped.probe }],
  },
  {
    name: 'a health check that answers 200 is not told',
    about: apiAnswerUnexpected,
    series: answers('200x30', '0x30'),
    at: '20m',
    fires: [],
  },
  {
    name: 'a health check that answered otherwise for five minutes is not told',
    about: apiAnswerUnexpected,
    series: answers('200x10 204x4 200x10', '0x30'),
    at: '15m',
    fires: [],
  },
  {
    name: 'a health check that fails is not told as one that answers otherwise',
    about: apiAnswerUnexpected,
    series: answers('503x30', '1x30', '0x30'),
    at: '20m',
    fires: [],
  },
]

export const reachCases: readonly Case[] = [...down, ...slow, ...unexpected]
