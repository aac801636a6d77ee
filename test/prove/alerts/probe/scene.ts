import { join } from 'node:path'
import { alertsOf } from '../../../../alerts/index.ts'
import { probeGroups } from '../../../../alerts/probe/index.ts'
import { apiProbeSlow } from '../../../../alerts/probe/reach.ts'
import { aftermath, slowAftermaths } from '../../../../alerts/stack/aftermath.ts'
import { systemDown } from '../../../../alerts/stack/system.ts'
import { startProcess } from '../../../../compose/local/process.ts'
import { yaml } from '../../../../compose/yaml.ts'
import { services } from '../../../../config/targets.ts'
import { bundleOurs } from '../../../bench/contestants.ts'
import { authority } from '../../../integration/certificates.ts'
import { freePort, type workshop } from '../../../integration/servers.ts'
import { blackboxIn } from '../blackbox.ts'
import type { Scene } from '../provocation.ts'
import { certificateFaults, hosts, newDays, type Restartable, reachFaults } from './faults.ts'
import { frontOf, secureFrontOf } from './front.ts'
import { openSystem } from './system.ts'

type Shop = ReturnType<typeof workshop>

const serviceIn = async (shop: Shop, bundle: string, name: string): Promise<Restartable> => {
  const port = await freePort()
  const start = async () =>
    shop.keep(
      await startProcess({
        name: 'the service that is probed',
        home: join(shop.folder, name),
        command: process.execPath,
        args: [bundle, String(port)],
        env: { NODE_ENV: 'production', NODE_OPTIONS: '' },
        ready: async () => (await fetch(`http://127.0.0.1:${port}${services.api.health}`)).ok,
      }),
    )
  let running = await start()
  return {
    port,
    running: () => running,
    start: async () => {
      running = await start()
    },
  }
}

/** As the stack has it, but that it trusts the authority of the proof. */
const trusting = (authorityFile: string) => {
  const http = { preferred_ip_protocol: 'ip4', tls_config: { ca_file: authorityFile } }
  return yaml({ modules: { http_2xx: { prober: 'http', timeout: '5s', http } } })
}

export const probeScene: Scene = {
  name: 'probe',
  alerts: [...alertsOf(probeGroups), systemDown, aftermath, ...slowAftermaths],
  adjusted: [
    { alert: apiProbeSlow, threshold: '200 ms', why: 'asked once a second, a probe fails after less than that second' },
  ],
  unprovoked: {},
  open: async (shop) => {
    const bundle = await bundleOurs(new URL('probed-service.ts', import.meta.url))
    const [api, secured] = [await serviceIn(shop, bundle, 'api'), await serviceIn(shop, bundle, 'secured')]
    const issuing = authority(join(shop.folder, 'certificates'), 'authority')
    const front = await frontOf(api.port)
    const secure = await secureFrontOf(secured.port, issuing.issue('new', hosts, newDays))
    const system = await openSystem(shop)
    const blackbox = await blackboxIn(shop, trusting(issuing.certFile))
    const probed = (instance: string, origin: string) => ({
      job: 'probe',
      instance,
      url: `${blackbox.url}/probe?module=http_2xx&target=${encodeURIComponent(`${origin}${services.api.health}`)}`,
    })
    return {
      scraped: () => [
        probed('api', `http://127.0.0.1:${front.port}`),
        probed('secured', `https://localhost:${secure.port}`),
        ...system.scraped,
      ],
      lanes: () => [reachFaults('api', api, front), certificateFaults('secured', secure, issuing), system.lane],
      end: async () => {
        front.end()
        secure.end()
        await system.end()
      },
    }
  },
}
