import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { artefacts } from '../../compose/artefacts.ts'
import { composeDeployment } from '../../compose/deployment.ts'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { run } from '../../compose/local/run.ts'
import { allowList } from '../../compose/mimir/allow-list.ts'
import { remoteWrite, type Watched, watched } from '../../config/targets.ts'
import { everyAlert } from '../promtool/case.ts'
import { openAgent } from '../prove/alerts/stack/agent.ts'
import { startWatch } from '../prove/alerts/watch.ts'
import { answer, difference } from '../prove/remote-write/answer.ts'
import { everything } from '../prove/remote-write/asked.ts'
import { together, type Witnesses, witnesses } from '../prove/remote-write/removal.ts'
import { type Scene, scene } from '../prove/remote-write/scene.ts'
import { rulesFor, victoria } from '../prove/remote-write/victoria.ts'
import { eventually, workshop } from './servers.ts'

// The small case of `npm run prove -- remote-write`: one generation of Prometheus, and names left out several at a time.
const programs = await ensurePrograms(['prometheus', 'promtool', 'promtool-3'])
const all = everything()
const names = allowList()

describe('what an agent writes', { timeout: 120_000 }, () => {
  const shop = workshop()
  let played: Scene
  let [receiver, labelled]: readonly { readonly url: string }[] = []
  let other: Awaited<ReturnType<typeof victoria>> | undefined
  let found: Witnesses = new Map()
  const url = (server: { readonly url: string } | undefined) => server?.url ?? ''

  beforeAll(async () => {
    played = await scene(shop, programs.prometheus)
    other = await victoria(shop)
    ;[receiver, labelled] = await Promise.all([played.receiver(), played.receiver()])
    await played.write(
      { url: url(receiver) },
      { url: url(labelled), labelled: true, without: names.slice(1) },
      { url: url(other) },
    )
    await played.settle()
    found = await witnesses(played.source.url, names, all, played.moments)
  }, 120_000)
  afterAll(async () => {
    await played.end()
    await shop.end()
  })
  const namesAt = async (server: string) => {
    const one = { name: 'names', promql: '{__name__!="",job!="feed"}', as: 'names', reads: [] } as const
    return (await answer(server, one, played.moments)).map((line) => String(JSON.parse(line)))
  }

  test('is what is on the list, of all that it scrapes', async () => {
    expect(await namesAt(url(receiver))).toEqual(names)
    const scraped = await namesAt(played.source.url)
    expect(scraped.filter((name) => !names.includes(name)).length).toBeGreaterThan(100)
  })

  test('has the labels of its pair, by which Mimir takes one of the two', async () => {
    const one = { name: 'pair', promql: `count by (cluster, __replica__) (${names[0]})`, as: 'now', reads: [] } as const
    const [series, ...others] = await answer(url(labelled), one, played.moments)
    expect(others).toEqual([])
    expect(JSON.parse(series ?? '')).toMatchObject({
      metric: { cluster: remoteWrite.cluster, __replica__: 'agent-1' },
    })
  })

  test('answers every rule, panel, mark and choice as the source does, to the last digit', async () => {
    const differ: string[] = []
    for (const one of all) {
      if (await difference([played.source.url, url(receiver)], one, played.moments)) differ.push(one.name)
    }
    expect(differ).toEqual([])
    expect(all.length).toBeGreaterThan(900)
  })

  test('has no name too many: with any left out, somebody is told otherwise', async () => {
    const groups = together(found)
    const without = await Promise.all(groups.map(async (group) => ({ group, server: await played.receiver() })))
    await played.write(...without.map(({ group, server }) => ({ url: server.url, without: group })))
    const unnoticed: string[] = []
    for (const { group, server } of without) {
      for (const name of group) {
        const witness = found.get(name)
        const told = witness && (await difference([played.source.url, server.url], witness, played.moments))
        if (!told) unnoticed.push(name)
      }
    }
    expect(unnoticed).toEqual([])
    // The others show over hours, and are left out of the rules' own tests by the whole proof.
    expect(found.size).toBeGreaterThan(names.length * 0.9)
  })

  test('is enough for VictoriaMetrics to answer each panel that has an answer, and to take every group of rules', async () => {
    expect(await other?.refused(rulesFor(join(shop.folder, 'rules')))).toBe('')
    const empty: string[] = []
    for (const one of all.filter(({ as }) => as !== 'exemplars')) {
      const there = await answer(played.source.url, one, played.moments)
      if (there.length > 0 && (await answer(url(other), one, played.moments)).length === 0) empty.push(one.name)
    }
    expect(empty).toEqual([])
  })
})

test('an agent that is well, in its first minute, is what no alert asks for', async () => {
  const shop = workshop()
  const ends: (() => unknown)[] = [shop.end]
  try {
    const agent = await openAgent(shop, '127.0.0.1:1')
    ends.unshift(agent.end)
    const watch = await startWatch(shop, [], () => [agent.scraped])
    ends.unshift(watch.end)
    const sent = 'count_over_time(prometheus_remote_storage_queue_highest_sent_timestamp_seconds{job="agent"}[1m]) > 10'
    await eventually(
      () => watch.query(sent),
      (found) => found.length > 0,
      { within: 60_000, every: 500 },
    )
    const asking = everyAlert.map(async ({ id, expr }) => {
      const found = await watch.query(expr)
      return found.some(({ metric }) => metric.job === agent.scraped.job) ? [id] : []
    })
    expect((await Promise.all(asking)).flat()).toEqual([])
  } finally {
    for (const end of ends) await end()
  }
})

test.each(['promtool', 'promtool-3'] as const)(
  '%s takes both configurations of a target that was moved',
  async (name) => {
    const shop = workshop()
    const what: Watched = {
      ...watched,
      targets: { ...watched.targets, main: { ...watched.targets.main, storage: 'remote-write' } },
    }
    for (const [path, text] of artefacts(composeDeployment, what)) {
      if (!/^(prometheus|mimir)\//.test(path)) continue
      mkdirSync(join(shop.folder, path, '..'), { recursive: true })
      writeFileSync(join(shop.folder, path), text)
    }
    const { path, env } = programs[name]
    const said = await Promise.all([
      run([path, 'check', 'config', join(shop.folder, 'prometheus/prometheus.yml')], { env }),
      run([path, 'check', 'config', '--agent', join(shop.folder, 'mimir/agent.yml')], { env }),
    ])
    await shop.end()
    for (const { code, output } of said) expect([code, output]).toEqual([0, expect.stringContaining('SUCCESS')])
  },
)
