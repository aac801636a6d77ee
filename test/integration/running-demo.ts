import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type { Component } from '../../compose/component.ts'
import { type Stack, startStack } from '../../compose/stack.ts'
import type { Env } from '../../config/env.ts'
import type { ApiFault } from '../../demo/faults.ts'
import { onFreePorts, workshop } from './servers.ts'

export interface Demo {
  readonly stack: Stack
  readonly env: Env
  /** Gone when the demo is. */
  readonly folder: string
  /** The URLs of the owner of each server, with passwords. */
  readonly owners: { readonly postgres: string; readonly redis: string }
  /** The process in which the part of this name comes first. */
  component(name: string): Component
  bringAbout(fault: ApiFault): Promise<void>
  clear(fault: ApiFault): Promise<void>
}

/** The demo and all that watches it, in a folder of its own, until `end`. */
export const startDemo = async (given: Readonly<Record<string, string>> = {}) => {
  const shop = workshop()
  const env = await onFreePorts(given)
  const { signal } = new AbortController()
  const stack = await startStack({ env, folder: shop.folder, say: () => undefined, signal }).catch(
    async (error: unknown) => {
      await shop.end()
      throw error
    },
  )
  const switchFault = async (path: string, init: RequestInit) => {
    const answer = await fetch(`http://127.0.0.1:${env.API_PORT}/faults${path}`, init)
    if (!answer.ok) throw new Error(`the fault was not switched: ${answer.status} ${await answer.text()}`)
  }
  const kept = (file: string) => readFileSync(join(shop.folder, file), 'utf8')
  const demo: Demo = {
    stack,
    env,
    folder: shop.folder,
    get owners() {
      const [, ofRedis] = /^requirepass "(.*)"$/m.exec(kept('redis.conf')) ?? []
      return {
        postgres: `postgresql://postgres:${kept('postgres.password').trim()}@127.0.0.1:${env.POSTGRES_PORT}/techplus`,
        redis: `redis://:${ofRedis}@127.0.0.1:${env.REDIS_PORT}`,
      }
    },
    component: (name) => {
      const found = stack.components.find(({ parts }) => parts[0].name === name)
      if (!found) throw new Error(`no component ${name}`)
      return found
    },
    bringAbout: (name) =>
      switchFault('', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name, seconds: 1_800 }),
      }),
    clear: (name) => switchFault(`/${name}`, { method: 'DELETE' }),
  }
  const end = async () => {
    await stack.stop()
    await shop.end()
  }
  return { demo, end }
}

/** The same for as long as the tests of a file or a `describe` run. */
export const runningDemo = (given: Readonly<Record<string, string>> = {}): Demo => {
  let running: Awaited<ReturnType<typeof startDemo>> | undefined
  beforeAll(async () => {
    running = await startDemo(given)
  }, 180_000)
  afterAll(() => running?.end(), 60_000)
  const its = () => {
    if (!running) throw new Error('the demo runs only while the tests do')
    return running.demo
  }
  return {
    get stack() {
      return its().stack
    },
    get env() {
      return its().env
    },
    get folder() {
      return its().folder
    },
    get owners() {
      return its().owners
    },
    component: (name) => its().component(name),
    bringAbout: (name) => its().bringAbout(name),
    clear: (name) => its().clear(name),
  }
}
