import { sla } from '../../config/sla.ts'
import { namesOf } from '../../metrics/names.ts'
import { workshop } from '../integration/servers.ts'
import { month, tolerance } from '../promtool/month.ts'
import { backfilled } from './month/backfill.ts'
import type { Proof } from './proof.ts'

const days = 30

const percent = (share: number) => `${(share * 100).toFixed(7)} %`
const differs = (one: number, other: number) => !(Math.abs(one / other - 1) < tolerance)

/** The share of bad events over a whole period, beside what an average of shares says of the same month. */
export const monthProof: Proof = {
  title: 'A month of uneven traffic, counted exactly',
  says:
    `${days} days, a sample a minute, in a real Prometheus (2.42): two busy times a day, hardly anybody at night, and failures that fall now into a busy evening, now into the small hours; probes come evenly. ` +
    'Events are recorded by the generated rules, and their share over the period is asked for as the generated rule asks. It would be a fault if that differed from bad events over all events, as they were counted, by more than a billionth of it. ' +
    'Beside it stands the average of the shares over five minutes, as the same Prometheus has it: it weighs an idle minute as much as a busy one.',
  columns: [
    'promise',
    'events',
    'bad',
    'bad events over all events',
    'as recorded over the period',
    'average of shares',
    'it is off by, times',
  ],
  prove: async (say) => {
    const rows: (string | number)[][] = []
    const faults: string[] = []
    for (const promise of namesOf(sla)) {
      const shop = workshop()
      try {
        const { events, bad, exact, averaged, series, groups } = month(promise, days)
        const { ask } = await backfilled(shop, { series, groups, days })
        const [recorded, average] = [await ask(exact.expr), await ask(averaged.expr)]
        if (differs(recorded, exact.value))
          faults.push(`${promise}: ${recorded} is recorded, ${exact.value} was counted`)
        const off = (average / exact.value).toFixed(1)
        rows.push([promise, events, bad, percent(exact.value), percent(recorded), percent(average), off])
        say(
          `${promise}: ${percent(recorded)} recorded, ${percent(exact.value)} counted, ${percent(average)} on average`,
        )
      } finally {
        await shop.end()
      }
    }
    return { rows, faults }
  },
}
