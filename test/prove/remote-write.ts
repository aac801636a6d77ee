import { ensurePrograms } from '../../compose/local/programs.ts'
import { allowList } from '../../compose/mimir/allow-list.ts'
import { asker } from '../promtool/ask.ts'
import type { Proof } from './proof.ts'
import { eachLeftOut, neededFor } from './remote-write/apart.ts'
import { everything } from './remote-write/asked.ts'
import { type Far, far } from './remote-write/far.ts'
import { brokenWithout } from './remote-write/rule-tests.ts'
import { type Compared, compared } from './remote-write/same.ts'

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

const rowsOfFar = ({ groups, asked, answered, same, reasons, others }: Far): readonly Row[] => [
  ['VictoriaMetrics 1.79.5 (Debian 12): groups of rules that vmalert takes and evaluates', groups, groups, 0],
  ['the same: queries that Prometheus answers', asked, answered, asked - same],
  ...[...reasons].map(([reason, count]): Row => [`the same: of those, different by ${reason}`, '', '', count]),
  ['the same: of those, different otherwise', '', '', others.length],
]

/** Each name whose lack no query shows within minutes, with the rule test that shows it. */
const byRuleTests = async (names: readonly string[], say: (line: string) => void) => {
  const { promtool } = await ensurePrograms(['promtool'])
  const { failures, end } = asker(promtool)
  const rows: Row[] = []
  const faults: string[] = []
  for (const name of names) {
    const broken = await brokenWithout(name, failures)
    say(`${name}: ${broken ?? 'needed by nobody'}`)
    if (broken) rows.push([`${name} left out: no longer holds: ${broken}`, 1, 1, 1])
    else faults.push(`${name} was left out, and every rule test holds`)
  }
  end()
  return { rows, faults }
}

export const remoteWriteProof: Proof = {
  title: 'What is written to Mimir is enough, and no name too many',
  says:
    'A real Prometheus scrapes everything that is served, and beside it a Prometheus agent with the generated configuration scrapes the same and writes what is on the computed list to a second Prometheus, in place of Mimir, and to VictoriaMetrics. ' +
    'Samples carry their time, so that all have the same. Both evaluate every rule for four minutes, each on what it has; then all that rules and dashboards ask is asked of both, and has to be the same to the last digit. ' +
    'Each name is then left out by itself, on a receiver of its own: a query has to answer otherwise, or, of what only shows over hours and days, a rule test has to fail. ' +
    'VictoriaMetrics has to take and evaluate every group of rules, and to answer what Prometheus answers; values may differ there (docs/mimir.md says why).',
  columns: ['what', 'asked', 'answered', 'different'],
  prove: async (say) => {
    const programs = await ensurePrograms(['prometheus', 'prometheus-3'])
    const [all, names] = [everything(), allowList()]
    const rows: Row[] = []
    const faults: string[] = []
    for (const program of Object.values(programs)) {
      let seen: Far | undefined
      const keep = (other: Far) => {
        seen = other
      }
      const isThird = program === programs['prometheus-3']
      const found = await compared(program, all, async (shop) => (isThird ? far(keep)(shop) : undefined))
      rows.push(...rowsOf(program.version, found), ...(seen ? rowsOfFar(seen) : []))
      const differing = found.filter(({ differs }) => differs).map(({ one }) => `${one.name} differs: ${one.promql}`)
      faults.push(...differing, ...(seen?.faults ?? []))
      if (seen) say(`VictoriaMetrics answers otherwise: ${seen.others.join('; ') || 'nothing else'}`)
      say(`Prometheus ${program.version}: ${found.length} queries, ${differing.length} differ`)
    }
    const needed = await neededFor(programs.prometheus, names, all)
    const alone = await eachLeftOut(programs.prometheus, needed, say)
    rows.push([
      'names left out, each alone, that a query told of',
      needed.size,
      needed.size,
      needed.size - alone.length,
    ])
    const rest = await byRuleTests(
      names.filter((name) => !needed.has(name)),
      say,
    )
    return { rows: [...rows, ...rest.rows], faults: [...faults, ...alone, ...rest.faults] }
  },
}
