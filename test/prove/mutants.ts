import { isAlert } from '../../alerts/alert.ts'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { everyAlert, subjects } from '../promtool/case.ts'
import { equivalents } from '../promtool/equivalents/index.ts'
import { type Mutation, mutations } from '../promtool/mutants.ts'
import { mutate, type Outcome } from '../promtool/mutation.ts'
import type { Proof } from './proof.ts'

const explains = ({ alert, survived }: Outcome) =>
  equivalents.filter((one) => one.alert === alert.id && survived.some(({ name }) => name === one.mutant))

const unexplained = (outcome: Outcome) =>
  outcome.survived.filter(({ name }) => !explains(outcome).some(({ mutant }) => mutant === name))

const counted = (outcomes: readonly Outcome[], mutation: Mutation) =>
  outcomes.flatMap(({ planted }) => planted).filter((one) => one.mutation === mutation).length

const without = (outcomes: readonly Outcome[], mutation: Mutation) =>
  outcomes.filter(({ planted }) => !planted.some((one) => one.mutation === mutation)).length

const rowOf = (name: string, outcomes: readonly Outcome[]) => {
  const planted = outcomes.flatMap((one) => one.planted).length
  const survived = outcomes.flatMap((one) => one.survived).length
  return [
    name,
    outcomes.length,
    ...mutations.map((mutation) => counted(outcomes, mutation)),
    planted,
    planted - survived,
    outcomes.flatMap(explains).length,
  ]
}

const groupNames = Object.values(subjects)
  .flat()
  .filter(({ rules }) => rules.some(isAlert))

/** Every mutant of every alert, against the cases of that alert. */
export const mutantsProof: Proof = {
  title: 'Mutants of every alert',
  says:
    'Into each alert every slip of one kind is planted: a comparison turned round, a number that something is compared with ten times or a tenth of itself (ten times nothing is nothing: none for a bound of 0), a matcher left out, its delay doubled or none, one metric for another with the same labels. What stands in several places of an alert comes of one place in its source and is changed in all at once. ' +
    'A metric that has no series in any case of the alert is missed at once, and is counted apart (absent metric); where no other has the same labels, none is planted. ' +
    "The alert's rule tests have to fail for each (promtool 2.42). One that none of them notices is a fault, unless no input can tell it from the alert: these are explained, with their reason, in test/promtool/equivalents/.",
  columns: ['group of alerts', 'alerts', ...mutations, 'planted', 'killed', 'explained'],
  prove: async (say) => {
    const { promtool } = await ensurePrograms(['promtool'])
    const rows: (string | number)[][] = []
    const every: Outcome[] = []
    for (const { name, rules } of groupNames) {
      const outcomes: Outcome[] = []
      for (const alert of everyAlert.filter((one) => rules.includes(one))) outcomes.push(await mutate(promtool, alert))
      every.push(...outcomes)
      rows.push(rowOf(name, outcomes))
      say(
        `${name}: ${outcomes.flatMap((one) => one.planted).length} planted, ${outcomes.flatMap(unexplained).length} not killed`,
      )
    }
    rows.push(rowOf('all', every), [
      'alerts without any',
      '',
      ...mutations.map((mutation) => without(every, mutation)),
      '',
      '',
      '',
    ])
    const idle = equivalents.filter((one) => !every.some((outcome) => explains(outcome).includes(one)))
    return {
      rows,
      faults: [
        ...every.flatMap((one) => unexplained(one).map(({ name }) => `${one.alert.id}: nothing notices ${name}`)),
        ...idle.map(({ alert, mutant }) => `${alert}: ${mutant} is explained, and does not survive`),
      ],
    }
  },
}
