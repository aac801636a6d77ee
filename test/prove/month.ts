import type { ProgramName } from '../../compose/local/program-table.ts'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { asking } from '../promtool/ask.ts'
import { month } from '../promtool/month.ts'
import type { Major } from '../promtool/onsets.ts'
import { countedPromises } from '../promtool/promises.ts'
import type { Proof } from './proof.ts'

const days = 30
const majors = [
  [2, 'promtool'],
  [3, 'promtool-3'],
] as const satisfies readonly (readonly [Major, ProgramName])[]

const percent = (share: number) => `${(share * 100).toFixed(6)} %`

/** The share of bad events over a whole period, beside what an average of shares says of the same month. */
export const monthProof: Proof = {
  title: 'A month of uneven traffic, counted exactly',
  says:
    `${days} days, a sample a minute: two busy times a day, hardly anybody at night, and failures that fall now into a busy evening, now into the small hours. ` +
    'Prometheus records events as the generated rules have it, and is asked for the share of bad ones over the period as they ask for it. It would be a fault if that differed from bad events over all events, as they were counted, by more than a billionth of it. ' +
    'Beside it stands the average of the shares over five minutes, which weighs an idle minute as much as a busy one: Prometheus and a calculation by hand agree on it to a billionth, too. Prometheus 3 has a minute less in five.',
  columns: [
    'promise',
    'Prometheus',
    'events',
    'bad',
    'bad events over all events',
    'as recorded',
    'average of shares',
    'it is off by, times',
  ],
  prove: async (say) => {
    const programs = await ensurePrograms(['promtool', 'promtool-3'])
    const rows: (string | number)[][] = []
    const faults: string[] = []
    for (const promise of countedPromises) {
      for (const [major, program] of majors) {
        const { events, bad, exact, averaged, files } = month(promise, days, major)
        const { ask, end } = asking(programs[program])
        const { holds, output } = await ask(files).finally(end)
        if (!holds) faults.push(`${promise} under Prometheus ${major}: ${output}`)
        rows.push([
          promise,
          major,
          events,
          bad,
          percent(exact),
          holds ? 'the same' : 'differs',
          percent(averaged),
          (averaged / exact).toFixed(1),
        ])
        say(`${promise} under Prometheus ${major}: ${holds ? 'exact' : 'differs'}`)
      }
    }
    return { rows, faults }
  },
}
