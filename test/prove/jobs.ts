import { readdirSync } from 'node:fs'
import { workshop } from '../integration/servers.ts'
import type { Case, Proven } from './jobs/case.ts'
import type { Proof } from './proof.ts'

const folder = new URL('jobs/', import.meta.url)

interface Subject {
  readonly name: string
  readonly cases: readonly Case[]
}

/** Every file that has cases is a subject. */
const subjects = async (): Promise<readonly Subject[]> => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('-child.ts'))
  const read = files.toSorted().map(async (name): Promise<Subject> => {
    const { cases = [] }: { readonly cases?: readonly Case[] } = await import(new URL(name, folder).href)
    return { name: name.replace('.ts', ''), cases }
  })
  return (await Promise.all(read)).filter(({ cases }) => cases.length > 0)
}

/** One case, in a workshop of its own: what one leaves is nothing to the next. */
const proven = async ({ prove }: Case): Promise<Proven & { readonly seconds: number }> => {
  const began = performance.now()
  const seconds = () => Math.round((performance.now() - began) / 1_000)
  const shop = workshop()
  try {
    return { ...(await prove(shop)), seconds: seconds() }
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error)
    return { what: 'could not be played', counts: '', faults: [words], seconds: seconds() }
  } finally {
    await shop.end()
  }
}

export const jobsProof: Proof = {
  title: 'What the maintenance jobs leave when they are killed, and when what they need fails',
  says: `Each case is played on servers and with programs of its own: PostgreSQL and its pg_dump and pg_restore, Redis, a server that speaks S3, PM2.
Killed means SIGKILL to the process of the job, at a moment that the case waits for. After every one the servers and folders are looked at, and then
the job is run again. It would be a fault if a reservation were lost, if half a file had a final name, if the newest good backup
were gone, if a run left no record of what became of it, or if the next run did not succeed.`,
  columns: ['job', 'case', 'what was done', 'what there was before and after', 's'],
  prove: async (say, only = []) => {
    const all = await subjects()
    const chosen = all.flatMap(({ name, cases }) =>
      cases
        .filter((one) => only.length === 0 || only.includes(name) || only.includes(one.name))
        .map((one) => ({ subject: name, one })),
    )
    if (chosen.length === 0) throw new Error(`there is no such case: name some of ${all.map(({ name }) => name)}`)
    const rows: (readonly (string | number)[])[] = []
    const faults: string[] = []
    // One after the other: a moment that a case waits for is not to be missed because another took the processor.
    for (const { subject, one } of chosen) {
      const found = await proven(one)
      rows.push([subject, one.name, found.what, found.counts, found.seconds])
      faults.push(...found.faults.map((fault) => `${subject}, ${one.name}: ${fault}`))
      say(`${subject}, ${one.name}: ${found.faults.length === 0 ? 'held' : found.faults.join('; ')}`)
    }
    return { rows, faults }
  },
}
