import { join } from 'node:path'
import { settle } from '../../compose/watch.ts'
import { refusals } from '../compose/bad-input.ts'
import { configurations } from '../compose/configurations.ts'
import { shutIn } from '../compose/egress.ts'
import { type Engine, openEngine, whyNone } from '../compose/engine.ts'
import { pageArrives } from '../compose/fault.ts'
import { hardened, usage } from '../compose/hardened.ts'
import { breakEach } from '../compose/healthchecks.ts'
import { obtain } from '../compose/images.ts'
import { restartEach } from '../compose/restarts.ts'
import { inherited, searched } from '../compose/search.ts'
import { lastWords, openStand, type Stand, unwell } from '../compose/stand.ts'
import { stepsOf } from '../compose/steps.ts'
import { realTargets } from '../compose/targets.ts'
import { openWorkplace } from '../compose/workplace.ts'
import type { Proof } from './proof.ts'

type Say = (line: string) => void
type Steps = ReturnType<typeof stepsOf>

/** Seconds, from the first container to the last healthy one. */
const patience = 180

const started = async (stand: Stand) => {
  const { code, complaint } = await stand.attempt([
    'compose',
    'up',
    '--detach',
    '--no-build',
    '--wait',
    '--wait-timeout',
    String(patience),
  ])
  if (code !== 0) throw new Error(`${complaint.slice(-1_000)}\n${await lastWords(stand)}`)
  const containers = await stand.containers()
  const faults = unwell(containers)
  if (faults.length > 0) throw new Error(faults.join('; '))
  return `${containers.length} containers: ${containers.filter(({ health }) => health === 'healthy').length} healthy, the others are through`
}

const scraped = async (stand: Stand) => {
  const prometheus = await stand.url('prometheus', 9090)
  const { states, faults } = await settle(prometheus, { within: 90_000, signal: new AbortController().signal })
  const down = states
    .filter(({ health }) => health !== 'up')
    .map(({ job, instance, error }) => `${job}/${instance} is not up: ${error}`)
  if (states.length === 0 || down.length + faults.length > 0)
    throw new Error([...down, ...faults].join('; ') || 'no target')
  return `${states.length} targets, all up: ${states.map(({ job, instance }) => `${job}/${instance}`).join(', ')}; every rule evaluates`
}

/** What is seen of a stack that runs. */
const inspect = async (stand: Stand, folder: string, { step, rows }: Steps, say: Say) => {
  await step('Wait until Prometheus scrapes every target', () => scraped(stand))
  await step('Look at what each container may do', () => hardened(stand))
  await step('Look for secrets in each environment', () => inherited(stand))
  const beside = stepsOf(say)
  await step('Pause Redis, and wait for the page', () =>
    pageArrives(stand, async () => {
      // Meanwhile: what waits for nothing.
      await beside.step('Look for secrets', () => searched(stand, folder))
      await beside.step('Try to get out of each container', () => shutIn(stand))
      if (beside.faults.length > 0) throw new Error(beside.faults.join('; '))
    }),
  )
  rows.push(...beside.rows)
  await step('Restart each container in turn', () => restartEach(stand, say))
  await step('See what each uses of its limits', () => usage(stand))
  await step('Give it what it cannot use', () => refusals(stand))
  await step('Watch real services instead of the demo', () => realTargets(stand, folder))
  await step('Break each health check in turn', () => breakEach(stand, folder, say))
}

const boot = async (engine: Engine, folder: string, steps: Steps, say: Say) => {
  const { step, always } = steps
  await step('Get every image', () => obtain(engine, join(folder, 'images'), say))
  const stand = await openStand(engine, folder, `techplus-boot-${process.pid}`)
  try {
    await step('Read every combination of files and profiles', () => configurations(stand, folder))
    await step('Build our own images', async () => {
      await stand.compose('build', '--quiet')
      return 'exporter, jobs, demo'
    })
    await step('Bring everything up, and wait until it is healthy', () => started(stand))
    await inspect(stand, folder, steps, say)
  } finally {
    await always('Take it down', async () => {
      await stand.compose('down', '--volumes', '--rmi', 'local', '--timeout', '5')
      return 'containers, networks, volumes and our images are gone'
    })
  }
}

export const bootProof: Proof = {
  title: 'docker-compose.yml on a real engine',
  says: `\`docker compose up\`, from an engine that is empty to one that is empty again: where none runs, Debian's is started for this on a
socket and a folder of its own; where no registry is reached, images are made of Debian's packages under the names of the table, in the places
of their own programs, so versions differ as said below, and of Grafana nothing is shown but that the file starts it. It would be a fault if
a container did not become healthy, had a right that the file takes from it, or got out; if a target were not scraped; if the page about a
fault did not arrive; if anything kept were lost by a restart; if a secret stood anywhere but in its volume; or if a broken health check went
unnoticed.`,
  columns: ['step', 'seconds', 'seen'],
  prove: async (say) => {
    const place = await openWorkplace()
    const { folder } = place
    const steps = stepsOf(say)
    let engine: Engine | undefined
    try {
      await steps.step('Start an engine', async () => {
        engine = await openEngine(folder, say)
        return engine?.words ?? ''
      })
      if (engine) await boot(engine, folder, steps, say)
      else if (steps.faults.length === 0) return { rows: [], faults: [], notHere: whyNone() ?? 'no engine answers' }
    } finally {
      if (engine) {
        const { end } = engine
        await steps.always('End the engine', async () => {
          await end()
          return 'nothing of it is left'
        })
      }
      await place.end()
    }
    return { rows: steps.rows, faults: steps.faults }
  },
}
