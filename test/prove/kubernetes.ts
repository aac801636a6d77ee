import { parse } from 'yaml'
import { z } from 'zod'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { plainYaml } from '../../compose/yaml.ts'
import { asking } from '../promtool/ask.ts'
import { type Batch, batches } from '../promtool/case.ts'
import { everyQuestion } from '../promtool/index.ts'
import { onsets } from '../promtool/onsets.ts'
import { ofKind } from '../unit/compose/kubernetes-manifests.ts'
import type { Proof } from './proof.ts'

const group = z.object({ name: z.string() }).loose()
const withGroups = z.object({ groups: z.array(group) })

/** Cases know what an alert says, and not where its links lead: those are the deployment's. */
const unlinked = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, one) => (/^(?:runbook|panel|dashboard)_url$/.test(key) ? undefined : one)))

const taken = new Map(
  ofKind('PrometheusRule')
    .flatMap(({ spec }) => withGroups.parse(unlinked(spec)).groups)
    .map((one) => [one.name, one]),
)

/** The same questions, of rules that were taken out of the objects for a cluster. */
const ofObjects = ({ files }: Batch) => {
  const { groups } = withGroups.parse(parse(files['rules.yml']))
  const found = groups.map(({ name }) => taken.get(name))
  return { ...files, 'rules.yml': plainYaml({ groups: found.filter((one) => one !== undefined) }) }
}

export const kubernetesProof: Proof = {
  title: 'Every rule test, of the rules in the objects for Kubernetes',
  says:
    'The groups of every PrometheusRule below compose/generated/kubernetes are written to rule files again, and everything that test/promtool asks ' +
    'of our rules is asked of these. That objects are what the schemas of Kubernetes and prometheus-operator want, and fit together, is in npm test. One case that fails is a fault.',
  columns: ['rules', 'questions', 'seconds', 'failed'],
  prove: async (say) => {
    const { promtool } = await ensurePrograms(['promtool'])
    const { ask, end } = asking(promtool)
    const rows: (string | number)[][] = []
    const faults: string[] = []
    for (const batch of batches([...everyQuestion, ...onsets(2)])) {
      const began = performance.now()
      const { holds, output } = await ask(ofObjects(batch))
      rows.push([batch.name, batch.asked.length, ((performance.now() - began) / 1000).toFixed(1), holds ? 0 : 1])
      if (!holds) faults.push(`${batch.name}: ${output}`)
      say(`${batch.name}: ${holds ? 'holds' : 'fails'}`)
    }
    end()
    return { rows, faults }
  },
}
