import { prometheusRemoteWriteBehind, prometheusRemoteWriteFailing } from '../../../alerts/stack/remote-write.ts'
import { remoteSamples, remoteSamplesFailed, remoteSentUntil, remoteShards } from '../../../metrics/foreign.ts'
import type { Case } from '../case.ts'
import { scraped, series } from '../series.ts'

const whom = { remote_name: 'mimir', url: 'http://mimir:8080/api/v1/push' }
const sent = (values: string) => series(remoteSamples, 'agent', values, whom)
const shards = (values: string) => series(remoteShards, 'agent', values, whom)
const until = (values: string) => series(remoteSentUntil, 'agent', values, whom)
const refused = (values: string) => series(remoteSamplesFailed, 'agent', values, whom)
const labels = { ...scraped.agent, remote_name: whom.remote_name }
const busy = sent('0+6000x60')
const trying = shards('1x60')

const behind: readonly Case[] = [
  {
    name: 'an agent that no longer gets rid of anything is told',
    about: prometheusRemoteWriteBehind,
    series: [trying, until('0+60x10 600x40')],
    at: '25m',
    fires: [{ rule: prometheusRemoteWriteBehind, labels, value: '15m 0s' }],
  },
  {
    name: 'an agent that writes all the time, and too late, is told',
    about: prometheusRemoteWriteBehind,
    series: [trying, until('-130+60x50')],
    at: '25m',
    fires: [{ rule: prometheusRemoteWriteBehind, labels, value: '2m 10s' }],
  },
  {
    name: 'an agent that could never write is told',
    about: prometheusRemoteWriteBehind,
    series: [trying, until('0x60')],
    at: '25m',
    fires: [{ rule: prometheusRemoteWriteBehind, labels, value: '25m 0s' }],
  },
  {
    name: 'an agent of Prometheus 2 that could never write is told, and of what is older than two hours nothing more',
    about: prometheusRemoteWriteBehind,
    series: [shards('1x240')],
    at: '200m',
    fires: [{ rule: prometheusRemoteWriteBehind, labels, value: '2h 0m 0s' }],
  },
  {
    // Of one that is cut off nothing comes to where rules are evaluated.
    name: 'the Prometheus that stays is told of while it is some minutes late',
    about: prometheusRemoteWriteBehind,
    series: [
      series(remoteShards, 'prometheus', '1x60', whom),
      series(remoteSentUntil, 'prometheus', '-180+60x60', whom),
    ],
    at: '25m',
    fires: [
      {
        rule: prometheusRemoteWriteBehind,
        labels: { ...scraped.prometheus, remote_name: whom.remote_name },
        value: '3m 0s',
      },
    ],
  },
  {
    name: 'of an agent that writes to two, the one that it is behind with is told, also under a new URL',
    about: prometheusRemoteWriteBehind,
    series: [
      trying,
      until('0+60x60'),
      series(remoteShards, 'agent', '1x20 stale', { remote_name: 'other', url: 'http://before' }),
      series(remoteSentUntil, 'agent', '0+60x8 480x12 stale', { remote_name: 'other', url: 'http://before' }),
      series(remoteShards, 'agent', '_x18 1x40', { remote_name: 'other', url: 'http://after' }),
      series(remoteSentUntil, 'agent', '_x18 480x40', { remote_name: 'other', url: 'http://after' }),
    ],
    at: '25m',
    fires: [{ rule: prometheusRemoteWriteBehind, labels: { ...scraped.agent, remote_name: 'other' }, value: '17m 0s' }],
  },
  {
    name: 'an agent that was started, and has sent nothing in its first minutes, is not told',
    about: prometheusRemoteWriteBehind,
    series: [trying, until('0+60x10 0x6 1020+60x30')],
    at: '25m',
    fires: [],
  },
  {
    name: 'an agent that is a minute and a half behind is not told',
    about: prometheusRemoteWriteBehind,
    series: [trying, until('-90+60x50')],
    at: '25m',
    fires: [],
  },
  {
    name: 'an agent that is behind since eight minutes is not told',
    about: prometheusRemoteWriteBehind,
    series: [trying, until('0+60x15 900x40')],
    at: '25m',
    fires: [],
  },
]

const failing: readonly Case[] = [
  {
    name: 'samples that are refused are told',
    about: prometheusRemoteWriteFailing,
    series: [busy, refused('0+120x60')],
    at: '30m',
    fires: [{ rule: prometheusRemoteWriteFailing, labels, value: '2%' }],
  },
  {
    name: 'those of the Prometheus that stays are told as well',
    about: prometheusRemoteWriteFailing,
    series: [
      series(remoteSamples, 'prometheus', '0+6000x60', whom),
      series(remoteSamplesFailed, 'prometheus', '0+120x60', whom),
    ],
    at: '30m',
    fires: [
      {
        rule: prometheusRemoteWriteFailing,
        labels: { ...scraped.prometheus, remote_name: whom.remote_name },
        value: '2%',
      },
    ],
  },
  {
    name: 'a sample in two hundred that is refused is not told',
    about: prometheusRemoteWriteFailing,
    series: [busy, refused('0+30x60')],
    at: '30m',
    fires: [],
  },
  {
    name: 'samples that are refused since eight minutes are not told',
    about: prometheusRemoteWriteFailing,
    series: [busy, refused('0x22 0+600x20')],
    at: '30m',
    fires: [],
  },
  {
    name: 'an agent that has sent nothing has nothing refused',
    about: prometheusRemoteWriteFailing,
    series: [sent('0x60'), refused('0x60')],
    at: '30m',
    fires: [],
  },
]

export const remoteWriteCases: readonly Case[] = [...behind, ...failing]
