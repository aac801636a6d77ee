import {
  closeSync,
  cpSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import {
  prometheusSeriesGrowing,
  prometheusStorageFailing,
  prometheusWalCorrupted,
} from '../../../../alerts/stack/storage.ts'
import type { workshop } from '../../../integration/servers.ts'
import type { Adjustment, Provocation, Watch } from '../provocation.ts'
import { thereIs } from './judge.ts'
import { crowd, scraping } from './prometheus.ts'
import { type Second, secondPrometheus } from './second.ts'

const instance = 'third'
const labels = { instance }
/** A block is called by 26 letters and digits. */
const lengthOfName = 26

export const storageAdjusted: readonly Adjustment[] = [
  {
    alert: prometheusSeriesGrowing,
    numbers: { '> 20000': '> 1000' },
    why: 'a Prometheus for tests has few series',
  },
]

/** Half a block in the folder, as a restore leaves that was cut short. Resolves with its own folder. */
const halfBlock = (folder: string) => {
  const whole = readdirSync(folder).find(
    (name) => name.length === lengthOfName && existsSync(join(folder, name, 'index')),
  )
  if (whole === undefined) throw new Error(`${folder} has no block`)
  const half = `${whole.slice(0, -1)}${whole.endsWith('0') ? '1' : '0'}`
  cpSync(join(folder, whole), join(folder, half), { recursive: true })
  const meta = join(folder, half, 'meta.json')
  writeFileSync(meta, readFileSync(meta, 'utf8').replaceAll(whole, half))
  const index = join(folder, half, 'index')
  truncateSync(index, Math.floor(statSync(index).size / 2))
  return join(folder, half)
}

/** Overwrites the middle of its write-ahead log, as a disk does that fails. */
const damage = (wal: string) => {
  const segments = readdirSync(wal).filter((name) => /^\d+$/.test(name))
  const largest = segments
    .map((name) => join(wal, name))
    .sort((one, other) => statSync(other).size - statSync(one).size)[0]
  if (largest === undefined) throw new Error(`${wal} has no segment`)
  const file = openSync(largest, 'r+')
  writeSync(file, Buffer.alloc(64, 0xff), 0, 64, Math.floor(statSync(largest).size / 2))
  closeSync(file)
}

const storageFaults = (prometheus: Second, nodeHost: string, watch: Watch): readonly Provocation[] => {
  let half: string | undefined
  return [
    {
      fault: 'a target is scraped by eight jobs more',
      fires: [{ alert: prometheusSeriesGrowing, labels }],
      // Against an average, which there has to be.
      before: () => thereIs(watch, `prometheus_tsdb_head_series{instance="${instance}"} offset 60s`),
      bring: () =>
        prometheus.become({
          jobs: [
            scraping(nodeHost),
            ...Array.from({ length: 8 }, (_, place) => scraping(nodeHost, { job_name: `node-${place}` })),
          ],
        }),
      end: () => prometheus.become({}),
      // Until an average of a day has followed.
      patience: 240,
    },
    {
      fault: 'half a block lies in the data of Prometheus',
      fires: [{ alert: prometheusStorageFailing, labels }],
      bring: async () => {
        half = halfBlock(prometheus.dataDir)
      },
      end: async () => half !== undefined && rmSync(half, { recursive: true }),
      // An hour back, and told for an hour after.
      patience: 240,
    },
    {
      fault: 'the write-ahead log of Prometheus is damaged, and it is started again',
      fires: [{ alert: prometheusWalCorrupted, labels }],
      bring: async () => {
        await prometheus.kill()
        damage(join(prometheus.dataDir, 'wal'))
        await prometheus.start()
      },
      end: async () => {
        await prometheus.kill()
        await prometheus.start()
      },
    },
  ]
}

/** A Prometheus whose storage is at fault. It writes a block every few seconds, and sends alerts to `alertmanager`. */
export const openThird = async (shop: ReturnType<typeof workshop>, nodeHost: string, alertmanager: string) => {
  const setup = { rules: { crowd }, jobs: [scraping(nodeHost)], alertmanagers: [alertmanager] }
  const prometheus = await secondPrometheus(shop, instance, setup, ['--storage.tsdb.min-block-duration=20s'])
  return { prometheus, lane: (watch: Watch) => storageFaults(prometheus, nodeHost, watch) }
}
