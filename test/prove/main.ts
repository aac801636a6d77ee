import { mkdirSync, writeFileSync } from 'node:fs'
import { alertsProof } from './alerts.ts'
import { bootProof } from './boot.ts'
import { conformanceProof } from './conformance.ts'
import { eventLoopProof } from './event-loop.ts'
import { expositionProof } from './exposition.ts'
import { faultsProof } from './faults.ts'
import { incidentsProof } from './incidents.ts'
import { infoProof } from './info.ts'
import { jobsProof } from './jobs.ts'
import { killsProof } from './kills.ts'
import { kubernetesProof } from './kubernetes.ts'
import { labelsProof } from './labels.ts'
import { ladderProof } from './ladder.ts'
import { monthProof } from './month.ts'
import { mutantsProof } from './mutants.ts'
import { outageProof } from './outage.ts'
import { panelsProof } from './panels.ts'
import { picturesProof } from './pictures.ts'
import { previewProof } from './preview.ts'
import { type Proof, page } from './proof.ts'
import { remoteWriteProof } from './remote-write.ts'
import { rulesProof } from './rules.ts'
import { scaleProof } from './scale.ts'
import { serviceEndsProof } from './service-ends.ts'
import { serviceMemoryProof } from './service-memory.ts'

/** `npm run prove -- NAME`: a line for each. */
const proofs: Readonly<Record<string, Proof>> = {
  alerts: alertsProof,
  boot: bootProof,
  conformance: conformanceProof,
  exposition: expositionProof,
  'event-loop': eventLoopProof,
  faults: faultsProof,
  incidents: incidentsProof,
  info: infoProof,
  jobs: jobsProof,
  kills: killsProof,
  kubernetes: kubernetesProof,
  labels: labelsProof,
  ladder: ladderProof,
  month: monthProof,
  mutants: mutantsProof,
  outage: outageProof,
  panels: panelsProof,
  pictures: picturesProof,
  preview: previewProof,
  'remote-write': remoteWriteProof,
  rules: rulesProof,
  scale: scaleProof,
  'service-ends': serviceEndsProof,
  'service-memory': serviceMemoryProof,
}

const shown = 20
/** As other test runners end what they had to leave out, so that nobody takes it for a success. */
const leftOut = 77

const main = async (name = '', ...only: readonly string[]) => {
  const proof = new Map(Object.entries(proofs)).get(name)
  if (!proof) throw new Error(`there is no proof ${name}: name one of ${Object.keys(proofs).join(', ')}`)
  const say = (line: string) => console.log(`prove ${name}: ${line}`)
  const { rows, faults, parts = [], notHere } = await proof.prove(say, only)
  if (notHere !== undefined) {
    say(`NOT PROVEN HERE: ${notHere}`)
    process.exitCode = leftOut
    return
  }
  const text = page(name, proof, rows)
  for (const part of parts) {
    // What did not hold is no proof: the last one that did stays.
    if (part.faults.length === 0) keep(`${name}/${part.name}`, page(`${name} ${part.name}`, proof, part.rows), say)
  }
  if (faults.length > 0) {
    console.log(text)
    throw new Error(`${faults.length} faults:\n${faults.slice(0, shown).join('\n')}`)
  }
  if (parts.length > 0) return
  if (only.length > 0) {
    console.log(text)
    return say('held; a part is not written down')
  }
  keep(name, text, say)
}

const keep = (name: string, text: string, say: (line: string) => void) => {
  const file = new URL(`../../docs/proof/${name}.md`, import.meta.url)
  mkdirSync(new URL('.', file), { recursive: true })
  writeFileSync(file, text)
  say(`held; written to docs/proof/${name}.md`)
}

main(...process.argv.slice(2)).catch((error: unknown) => {
  console.error(`prove: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
})
