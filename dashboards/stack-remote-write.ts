import { boundary } from '../alerts/alert.ts'
import {
  prometheusRemoteWriteBehind,
  prometheusRemoteWriteFailing,
  remoteWriteBehind,
  remoteWriteRefused,
  writer,
} from '../alerts/stack/remote-write.ts'
import { remoteSamples } from '../metrics/foreign.ts'
import { rate, sum } from '../metrics/promql.ts'
import { row } from './dashboard.ts'
import { timeseries } from './panel.ts'
import { type Quoted, series } from './query.ts'

const nameOf = ({ label }: Quoted<(typeof writer)[number]>) => `${label('instance')} to ${label('remote_name')}`
const nobody = { emptyWhen: 'Prometheus keeps everything itself: nothing is written elsewhere' } as const

export const remoteWriteRow = row('Does what is written elsewhere arrive?', [
  timeseries({
    title: 'Behind with remote write',
    description:
      'How old the newest sample is that was sent. What cannot be sent is kept for two hours and sent again, unless it is restarted.',
    width: 8,
    unit: 'seconds',
    min: 0,
    queries: [series(remoteWriteBehind, nameOf, nobody)],
    limits: [{ from: boundary(prometheusRemoteWriteBehind), is: 'bad' }],
  }),
  timeseries({
    title: 'Samples refused',
    description:
      'Share of the samples sent in ten minutes whose messages the other side refused for good. What was wrong in them is lost.',
    width: 8,
    unit: 'share',
    min: 0,
    queries: [series(remoteWriteRefused, nameOf, nobody)],
    limits: [{ from: boundary(prometheusRemoteWriteFailing), is: 'bad' }],
  }),
  timeseries({
    title: 'Samples sent',
    description: 'By each agent, and by the Prometheus that stays. Those that are sent again count again.',
    width: 8,
    unit: 'perSecond',
    min: 0,
    queries: [series(sum(rate(remoteSamples, '$__rate_interval'), writer), nameOf, nobody)],
  }),
])
