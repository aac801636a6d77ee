import type { asker } from '../../promtool/ask.ts'
import { batches, type Question } from '../../promtool/case.ts'
import { everyQuestion } from '../../promtool/index.ts'

type Failures = ReturnType<typeof asker>['failures']

const without = (name: string, one: Question): Question => ({
  ...one,
  series: one.series.filter(({ series }) => series !== name && !series.startsWith(`${name}{`)),
})

/**
 * Which rule test no longer holds where this name has no series; none where no rule needs it. For what only shows over hours and
 * days: no server waits for that here.
 */
export const brokenWithout = async (name: string, failures: Failures): Promise<string | undefined> => {
  const concerned = everyQuestion.filter((one) => without(name, one).series.length < one.series.length)
  for (const one of concerned) {
    for (const batch of batches([without(name, one)])) {
      if ((await failures(batch)).length > 0) return one.name
    }
  }
  return undefined
}
