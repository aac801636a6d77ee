import type { Program } from '../../compose/local/find-program.ts'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { allowList } from '../../compose/mimir/allow-list.ts'
import { asker } from '../promtool/ask.ts'
import type { Proof } from './proof.ts'
import { eachLeftOut, neededFor } from './remote-write/apart.ts'
import { type Asked, everything } from './remote-write/asked.ts'
import { type Far, far } from './remote-write/far.ts'
import { bound } from './remote-write/near.ts'
import { brokenWithout } from './remote-write/rule-tests.ts'
import { type Compared, compared } from './remote-write/same.ts'
import { unexplained } from './remote-write/unanswered.ts'

const kinds = ['rule', 'choice', 'made by rules', 'techplus'] as const
const words: Readonly<Record<(typeof kinds)[number], string>> = {
  rule: 'rules',
  choice: 'choices in heads of dashboards',
  'made by rules': 'series that rules made, alerts among them',
  techplus: 'panels, marks and exemplars',
}

type Row = readonly (string | number)[]

const rowsOf = (version: string, found: readonly Compared[]): readonly Row[] =>
  kinds.map((kind) => {
    const own = found.filter(({ one }) => one.name.startsWith(kind))
    const count = (wanted: (one: Compared) => boolean) => own.filter(wanted).length
    return [
      `Prometheus ${version}: ${words[kind]}`,
      own.length,
      count(({ answered }) => answered),
      count(({ differs }) => differs),
    ]
  })

const rowsOfFar = (seen: Far): readonly Row[] => {
  const { groups, evaluated, asked, answered, same, near } = seen
  const others = asked - same
  const far = `further off than ${bound * 100} % in some last value`
  const rows: readonly Row[] = [
    ['groups of rules, those that vmalert evaluates, and others', groups, evaluated, groups - evaluated],
    ['queries that Prometheus answers', asked, answered, others],
    ...[...seen.reasons].map(([reason, count]): Row => [`queries that differ by ${reason}`, '', '', count]),
    [`queries that differ, and are ${far}`, others, others, others - near],
    ...[...seen.further].map(
      ([reason, count]): Row => [`queries that differ, and are ${far}, for ${reason}`, '', '', count],
    ),
  ]
  return rows.map(([what, ...counts]) => [`VictoriaMetrics (1.79.5 of Debian 12): ${what}`, ...counts])
}

/** Each name whose lack no query shows by itself within minutes: the rule test that shows it, if there is one. */
const byRuleTests = async (names: readonly string[], say: (line: string) => void) => {
  const { promtool } = await ensurePrograms(['promtool'])
  const { failures, end } = asker(promtool)
  const rows: Row[] = []
  const left: string[] = []
  for (const name of names) {
    const broken = await brokenWithout(name, failures)
    say(`${name}: ${broken ?? 'no rule test'}`)
    if (broken) rows.push([`${name} left out, and no longer holds: ${broken}`, 1, 1, 1])
    else left.push(name)
  }
  end()
  return { rows, left }
}

type Say = (line: string) => void

/** Every rule evaluated for minutes, with each generation of Prometheus, and one of them beside VictoriaMetrics. */
const living = async (all: readonly Asked[], without: readonly string[], say: Say) => {
  const { prometheus, 'prometheus-3': third } = await ensurePrograms(['prometheus', 'prometheus-3'])
  const rows: Row[] = []
  const faults: string[] = []
  const live = async (program: Program) => {
    let seen: Far | undefined
    const keep = (other: Far) => {
      seen = other
    }
    const besideIn = async (shop: Parameters<ReturnType<typeof far>>[0]) =>
      program === third ? far(keep)(shop) : undefined
    const { found, missed } = await compared({ program, all, without, besideIn })
    const differing = found.filter(({ differs }) => differs).map(({ one }) => `${one.name} differs: ${one.promql}`)
    const unmissed = without
      .filter((name) => !missed.includes(name))
      .map((name) => `${name} was left out, and is not missed`)
    rows.push(
      ...rowsOf(program.version, found),
      ...missed.map((name): Row => [`${name} left out where rules are evaluated`, 1, 1, 1]),
      ...(seen ? rowsOfFar(seen) : []),
    )
    const unanswered = unexplained(found).map((one) => `${one.name} has no answer: ${one.promql}`)
    faults.push(...differing, ...unanswered, ...unmissed, ...(seen?.faults ?? []))
    say(`Prometheus ${program.version}: ${found.length} queries, ${differing.length} differ`)
  }
  // They wait most of the time.
  await Promise.all([prometheus, third].map(live))
  return { rows: rows.toSorted(([one], [other]) => (String(one) < String(other) ? -1 : 1)), faults }
}

export const remoteWriteProof: Proof = {
  title: 'What is written to Mimir is enough, and no name too many',
  says:
    'A real Prometheus scrapes everything that is served, and beside it a Prometheus agent with the generated configuration scrapes the same and writes what is on the computed list to a second Prometheus, in place of Mimir, and to VictoriaMetrics. ' +
    'Samples carry their time, so that all have the same. All evaluate every rule for four minutes, each on what it has; then all that rules and dashboards ask is asked of both, and has to be the same to the last digit. ' +
    'Each name is then left out by itself, on a receiver of its own: a query has to answer otherwise, or, of what only shows over hours and days, a rule test has to fail. ' +
    'Each panel has to have an answer, but for a named few, each with its reason. ' +
    'VictoriaMetrics has to take and evaluate every group of rules, of which keep_firing_for was taken out first, because its vmalert refuses that, and to answer what Prometheus answers, with the same series; ' +
    'values may differ there for two reasons, and then by no more than a bound, but for a few whose reason is named (docs/mimir.md).',
  columns: ['what', 'asked', 'answered', 'different'],
  prove: async (say) => {
    const { prometheus } = await ensurePrograms(['prometheus'])
    const [all, names] = [everything(), allowList()]
    const needed = await neededFor(prometheus, names, all)
    const rest = await byRuleTests(
      names.filter((name) => !needed.has(name)),
      say,
    )
    const [lived, alone] = await Promise.all([living(all, rest.left, say), eachLeftOut(prometheus, needed, say)])
    const told = needed.size - alone.length
    return {
      rows: [
        ...lived.rows,
        ['names left out, each alone, of which a query tells', needed.size, needed.size, told],
        ...rest.rows,
      ],
      faults: [...lived.faults, ...alone],
    }
  },
}
