import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { alertmanagerConfig } from '../../compose/alertmanager/config.ts'
import { composeDeployment } from '../../compose/deployment.ts'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { startAlertmanager } from '../../compose/local/servers.ts'
import { plainYaml } from '../../compose/yaml.ts'
import { forReceivers, type Written } from '../prove/ladder/addresses.ts'
import { fasterRoutes, paceOf } from '../prove/ladder/pace.ts'
import { type Message, messagesIn } from '../prove/outage/message.ts'
import { type Recorded, recorded, recording } from '../prove/outage/recorded.ts'
import { type Receivers, startReceivers } from './receivers.ts'
import { freePort, workshop } from './servers.ts'

const shop = workshop()
const pace = paceOf(60)
const opened: Receivers[] = []
afterAll(async () => {
  await shop.end()
  for (const one of opened) await one.close()
})

/** An Alertmanager with the configuration as it is generated, where times pass faster. */
const alertmanagerIn = async (name: string, receivers: Receivers) => {
  const folder = join(shop.folder, name)
  mkdirSync(folder)
  // The recorder is told as well, and takes everything.
  const incidents = new URL(receivers.httpUrl).host
  const text = alertmanagerConfig({ ...composeDeployment, incidents, pager: 'http://pager', hasSecret: () => false })
  const written: Written = parse(fasterRoutes(pace, text))
  const configFile = join(folder, 'alertmanager.yml')
  writeFileSync(
    configFile,
    plainYaml(forReceivers(written, receivers, { secrets: folder, kept: [`http://${incidents}`] })),
  )
  const { alertmanager: program } = await ensurePrograms(['alertmanager'])
  return shop.keep(
    await startAlertmanager({ program, dataDir: join(folder, 'data'), port: await freePort(), configFile }),
  )
}

const tell = async (url: string, labels: Readonly<Record<string, string>>, startsAt: Date, endsAt: Date) => {
  const answer = await fetch(`${url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ labels, annotations: {}, startsAt, endsAt }]),
  })
  if (!answer.ok) throw new Error(`Alertmanager answered ${answer.status}: ${await answer.text()}`)
}

const hour = 3_600_000
/** Seconds of production between two looks of whoever recorded an outage, with some for the looking. */
const lookEvery = 20

/** Tells Alertmanager what fired, when it did. */
const replayed = async (url: string, { alerts }: Recorded) => {
  const began = Date.now()
  const last = Math.max(...alerts.map((one) => one.until))
  const until = (seconds: number) => delay(Math.max(0, began + pace.seconds(seconds) * 1_000 - Date.now()))
  await Promise.all(
    alerts.map(async ({ labels, from, until: over }) => {
      await until(from)
      const startsAt = new Date()
      await tell(url, labels, startsAt, new Date(Date.now() + hour))
      // Still firing as it was last looked at: when it ended nobody knows, nor which of two before the other.
      if (over > last - lookEvery) return
      await until(over)
      await tell(url, labels, startsAt, new Date())
    }),
  )
  // Whatever waits for its group is told by then.
  await until(last + 120)
}

const firstNotifications = (messages: readonly Message[]) =>
  messages.flatMap(({ firing }) => {
    const names = new Set(firing.filter(({ step }) => !step).map(({ alertname = '' }) => alertname))
    return names.size > 0 ? [[...names].join(', ')] : []
  })

test.concurrent.each(recorded)('of all that fired in the outage %s nobody is told but of what it is', async (name) => {
  const receivers = await startReceivers()
  opened.push(receivers)
  const { url } = await alertmanagerIn(name, receivers)
  const outage = recording(name)
  await replayed(url, outage)
  expect(firstNotifications(messagesIn(receivers.posts())).toSorted()).toEqual(outage.pages.toSorted())
})
