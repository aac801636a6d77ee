import type { asker } from '../../promtool/ask.ts'
import { batches, type Question } from '../../promtool/case.ts'
import { firedReadings } from '../../promtool/escalation/index.ts'
import { everyCase } from '../../promtool/index.ts'
import { promiseReadings } from '../../promtool/promises.ts'

type Failures = ReturnType<typeof asker>['failures']

const every: readonly Question[] = [...everyCase, ...promiseReadings, ...firedReadings]

const without = (name: string, one: Question): Question => ({
  ...one,
  series: one.series.filter(({ series }) => series !== name && !series.startsWith(`${name}{`)),
})

/**
 * Which rule test no longer holds where this name has no series; none where no rule needs it. For what only shows over hours and
 * days: no server waits for that here.
 */
export const brokenWithout = async (name: string, failures: Failures): Promise<string | undefined> => {
  const concerned = every.filter((one) => without(name, one).series.length < one.series.length)
  for (const one of concerned) {
    for (const batch of batches([without(name, one)])) {
      if ((await failures(batch)).length > 0) return one.name
    }
  }
  return undefined
}
