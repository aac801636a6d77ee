import { cpus, loadavg, totalmem } from 'node:os'

type Rows = readonly (readonly (string | number)[])[]

/** What was found in one part of a proof that takes long: it has a page of its own, and can be proven again by itself. */
export interface Part extends Pick<Findings, 'rows' | 'faults'> {
  readonly name: string
}

export interface Findings {
  readonly rows: Rows
  /** What was promised and not kept. A proof without any is written down. */
  readonly faults: readonly string[]
  /** Where there are any, they are written down instead, each that held. */
  readonly parts?: readonly Part[]
  /** Why this cannot be proven on this machine, where it cannot: nothing is claimed, and nothing written down. */
  readonly notHere?: string
}

/** Something too heavy for every run of the tests, and how it is told of in `docs/proof/`. */
export interface Proof {
  readonly title: string
  /** What was done, and what would be a fault. */
  readonly says: string
  readonly columns: readonly string[]
  /** @param only a part of it, in words of its own: what comes of it is not written down */
  prove(say: (line: string) => void, only?: readonly string[]): Promise<Findings>
}

const machine = () => {
  const [first, ...others] = cpus()
  const memory = Math.round(totalmem() / 1024 ** 3)
  return `Node ${process.version} on ${process.platform} ${process.arch}, ${1 + others.length} × ${first?.model.trim()}, ${memory} GiB, processes ready to run ${loadavg()[0]?.toFixed(1)}`
}

const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |\n`

/** The page of a proof: what was done, when and where, and what came of it. */
export const page = (name: string, { title, says, columns }: Proof, rows: Findings['rows'], now = new Date()) =>
  [
    `# ${title}\n\n${says}\n\n`,
    `${now.toISOString().slice(0, 10)}, ${machine()}. Again: \`npm run prove -- ${name}\`.\n\n`,
    row(columns),
    row(columns.map(() => '---')),
    ...rows.map(row),
  ].join('')
