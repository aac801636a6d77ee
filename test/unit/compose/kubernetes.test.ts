import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { ruleFiles } from '../../../alerts/index.ts'
import { artefacts } from '../../../compose/artefacts.ts'
import { digest } from '../../../compose/digests.ts'
import { images } from '../../../compose/images.ts'
import { dataMap } from '../../../compose/kubernetes/manifest.ts'
import { clusterDeployment, programs, secrets } from '../../../compose/kubernetes/names.ts'
import { claimFor } from '../../../compose/kubernetes/servers.ts'
import { configMount, deployment } from '../../../compose/kubernetes/workload.ts'
import { outageTolerance, retention, retentionSize } from '../../../compose/plan.ts'
import { ruleFile } from '../../../compose/rule-file.ts'
import { namesOf } from '../../../metrics/names.ts'
import {
  everyManifest,
  kubernetesTexts,
  kustomizations,
  type Manifest,
  ofKind,
  theOne,
} from './kubernetes-manifests.ts'
import {
  deploymentShape,
  found,
  monitorShape,
  podLabelsOf,
  policyShape,
  probeShape,
  serviceShape,
} from './kubernetes-shapes.ts'

const written = artefacts()
const textOf = (path: string) => written.get(path) ?? ''

describe('the rules', () => {
  const groups = z.object({ spec: z.object({ groups: z.array(z.unknown()) }) })
  const groupsOf = (subject: string) => groups.parse(theOne('PrometheusRule', `techplus-${subject}`)).spec.groups
  const files = ruleFiles()

  test('are one object for each rule file, and no other', () => {
    expect(ofKind('PrometheusRule').map(({ metadata }) => metadata.name)).toEqual(
      namesOf(files).map((subject) => `techplus-${subject}`),
    )
  })

  test.each(namesOf(files))('of %s are those of the rule file', (subject) => {
    expect(groupsOf(subject)).toEqual(parse(textOf(`prometheus/rules/${subject}.yml`)).groups)
  })

  test.each(namesOf(files))('of %s are those that test/promtool tries, and links', (subject) => {
    const unlinked = JSON.stringify(groupsOf(subject), (key, value) =>
      /^(?:runbook|panel|dashboard)_url$/.test(key) ? undefined : value,
    )
    expect(JSON.parse(unlinked)).toEqual(JSON.parse(JSON.stringify(ruleFile(files[subject]).groups)))
  })
})

describe('what is scraped', () => {
  const scrapeConfigs = z.object({
    scrape_configs: z.array(
      z.object({
        job_name: z.string(),
        honor_labels: z.boolean().default(false),
        static_configs: z.array(z.object({ labels: z.record(z.string(), z.string()) })),
      }),
    ),
  })
  const known = scrapeConfigs
    .parse(parse(textOf('prometheus/prometheus.yml')))
    .scrape_configs.flatMap(({ job_name: job, honor_labels: honors, static_configs }) =>
      static_configs.map(({ labels: { instance, __metrics_path__: path = '/metrics' } }) => ({
        labels: { job, instance },
        path,
        honors,
      })),
    )
  // What the jobs leave is on the machine they run on, and the nodes are the cluster's own.
  const here = known.filter(({ labels }) => labels.job !== 'jobs' && labels.job !== 'node')
  const monitored = [
    ...ofKind('ServiceMonitor').flatMap((one) =>
      monitorShape.parse(one).spec.endpoints.map(({ path, honorLabels: honors, relabelings }) => ({
        labels: found(relabelings, { ...added, pod: 'techplus-exporter-5d9c7-x2k4z' }),
        path,
        honors,
      })),
    ),
    ...ofKind('Probe').map((one) => {
      const { jobName, prober, targets } = probeShape.parse(one).spec
      const [target] = targets.staticConfig.static
      const before = { namespace: 'n', job: jobName, instance: target ?? '' }
      return { labels: found(targets.staticConfig.relabelingConfigs, before), path: prober.path, honors: false }
    }),
  ]
  const sorted = (scrapes: readonly object[]) => scrapes.map((one) => JSON.stringify(one)).sort()

  test('is what prometheus.yml has, with the same labels and no other', () => {
    expect(here.length).toBe(known.length - 2)
    expect(sorted(monitored)).toEqual(sorted(here))
  })

  test('of an API with several pods has an instance for each, where they keep their names', () => {
    const { relabelings } = monitorShape.parse(theOne('ServiceMonitor', 'techplus-api')).spec.endpoints[0] ?? fail()
    const instanceOf = (pod: string) => found(relabelings, { ...added, pod, __meta_kubernetes_pod_name: pod }).instance
    expect(instanceOf('api-0')).toBe('api-0')
    expect(instanceOf('api-12')).toBe('api-12')
    // The end of a name that a Deployment gave may be all digits.
    expect(instanceOf('api-5d9c7b6f4-24678')).toBe('api')
    expect(instanceOf('api-5d9c7b6f4-x2k4z')).toBe('api')
  })

  test('is asked as often as anywhere, and with the token where it is guarded', () => {
    for (const one of ofKind('ServiceMonitor')) {
      const guarded = /exporter|incidents/.test(one.metadata.name)
      for (const { interval, scrapeTimeout, authorization } of monitorShape.parse(one).spec.endpoints) {
        expect([interval, scrapeTimeout]).toEqual(['15s', '10s'])
        const token = { type: 'Bearer', credentials: { name: secrets.token, key: 'token' } }
        expect(authorization).toEqual(guarded ? token : undefined)
      }
    }
  })
})

const fail = (): never => {
  throw new Error('it is not there')
}

/** What the operator says of where a target was found. */
const added = {
  ...{ namespace: 'techplus-observability', service: 's', pod: 'p', container: 'c', endpoint: 'http', node: 'n' },
  ...{ job: 's', instance: '10.0.0.1:9464' },
}

describe.each(ofKind('Deployment').map((one) => [one.metadata.name, one] as const))('%s', (name, one) => {
  const { spec } = deploymentShape.parse(one)
  const [container = fail()] = spec.template.spec.containers
  const labels = podLabelsOf(one)
  const selects = (selector: Readonly<Record<string, string>>, of: Readonly<Record<string, string>> = labels) =>
    Object.entries(selector).every(([label, value]) => of[label] === value)

  test('is one pod, which its Deployment, Service, budget and policy find, and those of no other', () => {
    expect(spec.replicas).toBe(1)
    expect(spec.strategy.type).toBe('Recreate')
    const others = ofKind('Deployment').filter((other) => other !== one)
    const budget = z.object({
      spec: z.object({ selector: z.object({ matchLabels: z.record(z.string(), z.string()) }) }),
    })
    const selectors = [
      spec.selector.matchLabels,
      serviceShape.parse(theOne('Service', name)).spec.selector,
      budget.parse(theOne('PodDisruptionBudget', name)).spec.selector.matchLabels,
      policyShape.parse(theOne('NetworkPolicy', name)).spec.podSelector.matchLabels,
    ]
    for (const selector of selectors) {
      expect(selects(selector)).toBe(true)
      expect(others.filter((other) => selects(selector, podLabelsOf(other)))).toEqual([])
    }
  })

  test('is reached by one port, from the monitor to the container', () => {
    const [port = fail()] = container.ports
    const [served = fail()] = serviceShape.parse(theOne('Service', name)).spec.ports
    const monitors = ofKind('ServiceMonitor').map((monitor) => monitorShape.parse(monitor).spec)
    const { labels: own } = theOne('Service', name).metadata
    const asking = monitors.filter(({ selector }) => selects(selector.matchLabels, own))
    expect(served.targetPort).toBe(port.name)
    expect(served.port).toBe(port.containerPort)
    expect(asking).toHaveLength(1)
    expect(asking[0]?.endpoints.every((endpoint) => endpoint.port === served.name)).toBe(true)
    const { ingress } = policyShape.parse(theOne('NetworkPolicy', name)).spec
    expect(ingress.flatMap(({ ports }) => ports)).toEqual([{ protocol: 'TCP', port: port.name }])
    expect(ingress.flatMap(({ from }) => from.map((who) => who.podSelector.matchLabels))).toContainEqual({
      'app.kubernetes.io/name': 'prometheus',
    })
    for (const { httpGet } of [container.startupProbe, container.readinessProbe, container.livenessProbe]) {
      expect(httpGet.port).toBe(port.name)
    }
  })

  test('may do nothing that it need not', () => {
    const { automountServiceAccountToken, securityContext } = spec.template.spec
    expect(automountServiceAccountToken).toBe(false)
    expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
    expect(securityContext.runAsUser).toBeGreaterThan(0)
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    expect(Object.keys(container.resources.requests).sort()).toEqual(['cpu', 'memory'])
    expect(container.resources.limits.memory).toMatch(/^\d+Mi$/)
  })

  test('finds each file of a secret where its variable says', () => {
    const files = container.env.filter((variable) => variable.name.endsWith('_FILE'))
    for (const { value } of files) {
      const mount = container.volumeMounts.find(({ mountPath }) => value.startsWith(`${mountPath}/`))
      const volume = spec.template.spec.volumes.find((each) => each.name === mount?.name)
      expect(Object.values(secrets)).toContain(volume?.secret?.secretName)
      expect(mount?.readOnly).toBe(true)
    }
    const mounted = container.volumeMounts.map((mount) => mount.name)
    expect(spec.template.spec.volumes.map((volume) => volume.name)).toEqual(mounted)
  })
})

describe('a ConfigMap that is mounted', () => {
  const annotationsOf = (one: object) => deploymentShape.parse(one).spec.template.metadata.annotations

  test('is part of the pod by a digest, so that another text is another pod', () => {
    const podOf = (text: string) =>
      deployment({
        name: programs.blackbox,
        image: images.blackbox,
        args: [],
        env: {},
        user: 1000,
        health: '/',
        mounts: [configMount('config', dataMap('a', { 'a.yml': text }), '/etc/a')],
        memory: { request: '1Mi', limit: '1Mi' },
      })
    const [one, same, other] = ['modules: 1', 'modules: 1', 'modules: 2'].map((text) => annotationsOf(podOf(text)))
    expect(one).toEqual({ 'checksum/config': expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect(same).toEqual(one)
    expect(other).not.toEqual(one)
  })

  test('is told of by whoever mounts one, and it is the one that is generated', () => {
    const mounting = ofKind('Deployment').flatMap((one) => {
      const names = deploymentShape
        .parse(one)
        .spec.template.spec.volumes.flatMap(({ configMap }) => configMap?.name ?? [])
      const maps = names.map((name) => z.record(z.string(), z.string()).parse(theOne('ConfigMap', name).data))
      const wanted =
        names.length === 0 ? {} : { 'checksum/config': digest(maps.flatMap((data) => Object.entries(data))) }
      expect([one.metadata.name, annotationsOf(one)]).toEqual([one.metadata.name, wanted])
      return names.length === 0 ? [] : [one.metadata.name]
    })
    expect(mounting).toEqual(['techplus-blackbox'])
  })
})

describe("what is added to a Grafana that has others' data sources", () => {
  test('is no second default, and has no name that is taken in kube-prometheus-stack', () => {
    const { data } = z
      .object({ data: z.record(z.string(), z.string()) })
      .parse(theOne('ConfigMap', 'techplus-datasources'))
    const source = z.object({
      name: z.string(),
      uid: z.string(),
      isDefault: z.boolean().default(false),
      jsonData: z.looseObject({}),
    })
    const { datasources } = z.object({ datasources: z.array(source) }).parse(parse(data['techplus.yaml'] ?? ''))
    expect(datasources).toMatchObject([
      {
        name: 'TechPlus Prometheus',
        uid: 'techplus-prometheus',
        isDefault: false,
        jsonData: { alertmanagerUid: 'techplus-alertmanager' },
      },
      { name: 'TechPlus Alertmanager', uid: 'techplus-alertmanager', isDefault: false },
    ])
  })
})

const claimShape = z.object({
  spec: z.object({ resources: z.object({ requests: z.object({ storage: z.string() }) }) }),
})

describe('the servers', () => {
  test('have what only they can be told, as docker-compose.yml tells it', () => {
    expect(theOne('Prometheus', 'techplus').spec).toMatchObject({
      image: images.prometheus,
      retention,
      retentionSize,
      rules: { alert: { forGracePeriod: '1s', forOutageTolerance: outageTolerance } },
      enableFeatures: ['exemplar-storage'],
      prometheusExternalLabelName: '',
      replicaExternalLabelName: '',
    })
    expect(theOne('Alertmanager', 'techplus').spec).toMatchObject({
      image: images.alertmanager,
      configSecret: 'techplus-alertmanager',
      secrets: [secrets.channels, secrets.token],
    })
  })

  test.each([
    ['16GB', '20Gi'],
    ['17GB', '22Gi'],
    ['500MB', '625Mi'],
    ['2TB', '3Ti'],
  ])('that keep %s claim a quarter more: %s', (size, claim) => {
    expect(claimFor(size)).toBe(claim)
  })

  test('that keep what nobody can read claim nothing', () => {
    expect(() => claimFor('1.5GB')).toThrow('retentionSize of compose/plan.ts is 1.5GB, and not as 16GB is')
  })

  test('have room for all that Prometheus is told to keep, and for what it writes besides', () => {
    const shape = z.object({ spec: z.object({ storage: z.object({ volumeClaimTemplate: claimShape }) }) })
    const { storage } = shape.parse(theOne('Prometheus', 'techplus')).spec
    const claimed = storage.volumeClaimTemplate.spec.resources.requests.storage
    expect(claimed).toBe(claimFor(retentionSize))
    // Prometheus counts in powers of two, whatever letters it uses: its GB is Kubernetes' Gi.
    const bytes = (size: string) => Number.parseInt(size, 10) * 1024 ** 'KMGT'.indexOf(/[KMGT]/.exec(size)?.[0] ?? 'K')
    expect(bytes(claimed)).toBeGreaterThanOrEqual(bytes(retentionSize) * 1.25)
  })

  test('take all that is ours', () => {
    const spec = z.record(z.string(), z.unknown()).parse(theOne('Prometheus', 'techplus').spec)
    for (const selector of ['ruleSelector', 'serviceMonitorSelector', 'probeSelector']) {
      expect(spec[selector]).toEqual({ matchLabels: { 'app.kubernetes.io/part-of': 'techplus-observability' } })
    }
    const kinds = ['PrometheusRule', 'ServiceMonitor', 'Probe'].flatMap(ofKind)
    expect(kinds.filter(({ metadata }) => metadata.labels['app.kubernetes.io/part-of'] === undefined)).toEqual([])
  })
})

describe('secrets', () => {
  const stringData = z.record(z.string(), z.string()).parse(theOne('Secret', 'techplus-alertmanager').stringData)
  const alertmanager = stringData['alertmanager.yaml'] ?? ''
  /** A login in a URL, a webhook of Slack, a key of AWS or PagerDuty, a private key. */
  const values = /:\/\/[^\s/"]*@|hooks\.slack|AKIA[0-9A-Z]{16}|\b[0-9a-f]{32}\b|BEGIN [A-Z ]*PRIVATE KEY/
  const mounted = new RegExp(`_file: /etc/alertmanager/secrets/(${secrets.channels}|${secrets.token})/\\w+$`)
  /** Fields that hold a secret, and not the name of a file that is mounted. */
  const held = (text: string) =>
    (text.match(/^\s*\S*(password|token|secret|credentials|routing_key|api_url)\S*:.*$/gim) ?? []).filter(
      (line) => !mounted.test(line),
    )

  test('are nowhere: what is generated names them, and whoever applies it makes them', () => {
    expect(ofKind('Secret').map(({ metadata }) => metadata.name)).toEqual(['techplus-alertmanager'])
    for (const text of kubernetesTexts.values()) expect(text).not.toMatch(values)
    expect(held(alertmanager)).toEqual([])
  })

  test.each([
    ['routing_key_file: /etc/alertmanager/secrets/techplus-channels/pagerduty_routing_key', 'routing_key: abc'],
    ['/etc/alertmanager/secrets/techplus-token/token', '/run/secrets/token'],
  ])('that stood in place of %s would be seen', (name, value) => {
    expect(alertmanager).toContain(name)
    expect(held(alertmanager.replace(name, value))).toHaveLength(1)
  })

  test('and variables: nothing that the operator would fill in stands in the configuration', () => {
    expect(alertmanager).not.toMatch(/\$\(\w+\)/)
  })

  test('stand beside the templates that the configuration names', () => {
    expect(alertmanager).toContain('- /etc/alertmanager/config/*.tmpl')
    expect(Object.keys(stringData).filter((name) => name.endsWith('.tmpl'))).toEqual(['techplus.tmpl', 'sources.tmpl'])
  })
})

test('dashboards are those that are provisioned elsewhere, for the sidecar', () => {
  const json = (text: string) => JSON.parse(text)
  const provisioned = [...written].filter(([path]) => path.startsWith('grafana/dashboards/'))
  const mapped = ofKind('ConfigMap').filter(({ metadata }) => metadata.labels.grafana_dashboard === '1')
  const files = mapped.flatMap(({ data }) => Object.entries(z.record(z.string(), z.string()).parse(data)))
  expect(files.map(([name, text]) => [`grafana/dashboards/${name}`, json(text)])).toEqual(
    provisioned.map(([path, text]) => [path, json(text)]),
  )
})

test('the runbook is the page that Prometheus serves elsewhere', () => {
  const { data } = theOne('ConfigMap', 'techplus-runbook')
  expect(data).toEqual({ 'runbook.html': textOf('prometheus/consoles/runbook.html') })
})

test.each(kustomizations)('%s lists every file beside it, and nothing else', (folder, content) => {
  const beside = [...kubernetesTexts.keys()]
    .filter((path) => path.startsWith(`${folder}/`) && !path.endsWith('/kustomization.yaml'))
    .map((path) => path.slice(folder.length + 1))
  const shape = z.strictObject({
    apiVersion: z.literal('kustomize.config.k8s.io/v1beta1'),
    kind: z.literal('Kustomization'),
    namespace: z.literal('techplus-observability'),
    resources: z.array(z.string()),
  })
  const { resources } = shape.parse(content)
  const below = folder.endsWith('/stack') ? ['../base'] : []
  expect(resources.toSorted()).toEqual([...below, ...beside].toSorted())
})

test('links lead where the public URLs say', () => {
  const cluster = clusterDeployment({ dashboards: 'https://grafana.example.com', runbooks: 'https://p.example.com' })
  expect(cluster.dashboards).toBe('https://grafana.example.com')
  const public_ = artefacts({ ...cluster, dashboards: 'https://g.example.com', runbooks: 'https://p.example.com' })
  expect(public_.get('kubernetes/stack/prometheus.yaml')).toContain('externalUrl: https://p.example.com')
  expect(public_.get('kubernetes/base/rules/http.yaml')).toContain('https://g.example.com/d/techplus-http')
})

test('everything carries the label by which it is found', () => {
  const bare = everyManifest.filter((one: Manifest) => !one.metadata.labels['app.kubernetes.io/part-of'])
  expect(bare).toEqual([])
})
