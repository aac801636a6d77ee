import { ensurePrograms } from '../../compose/local/programs.ts'
import { asker } from '../promtool/ask.ts'
import { type Batch, batches } from '../promtool/case.ts'
import { everyQuestion } from '../promtool/index.ts'
import { type Major, onsets } from '../promtool/onsets.ts'
import type { Proof } from './proof.ts'

const numbersOf = ({ asked }: Batch) => {
  const cases = asked.flatMap((one) => ('about' in one ? [one] : []))
  const firing = cases.filter(({ fires }) => fires.length > 0).length
  return [firing, cases.length - firing, asked.length - cases.length]
}

/** Every rule test under both majors of Prometheus: `npm test` runs them under the older one alone, for their time. */
export const rulesProof: Proof = {
  title: 'Every rule test, under Prometheus 2 and 3',
  says:
    'Each alert has a case in which it must fire, with all labels and texts, and one in which it must stay quiet. Burn alerts first hold at ' +
    'the minute that a formula computes for an outage of each size, and fire after exactly their delay (onsets). One case that fails is a fault.',
  columns: ['Prometheus', 'rules', 'must fire', 'must stay quiet', 'readings and onsets', 'seconds', 'failed'],
  prove: async (say) => {
    const programs = await ensurePrograms(['promtool', 'promtool-3'])
    const rows: (string | number)[][] = []
    const faults: string[] = []
    const under = async (major: Major, name: keyof typeof programs) => {
      const { failures, end } = asker(programs[name])
      for (const batch of batches([...everyQuestion, ...onsets(major)])) {
        const began = performance.now()
        const failed = await failures(batch)
        const seconds = ((performance.now() - began) / 1000).toFixed(1)
        rows.push([major, batch.name, ...numbersOf(batch), seconds, failed.length])
        faults.push(...failed.map((fault) => `Prometheus ${major}, ${fault}`))
        say(`Prometheus ${major}, ${batch.name}: ${failed.length} failed`)
      }
      end()
    }
    await under(2, 'promtool')
    await under(3, 'promtool-3')
    return { rows, faults }
  },
}
