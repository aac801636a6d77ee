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
  /** The process in which the part of this name comes first. */
  component(name: string): Component
  bringAbout(fault: ApiFault): Promise<void>
  clear(fault: ApiFault): Promise<void>
}

/** The demo and all that watches it, for as long as the tests of a file or a `describe` run. */
export const runningDemo = (given: Readonly<Record<string, string>> = {}): Demo => {
  const shop = workshop()
  let running: { readonly stack: Stack; readonly env: Env } | undefined
  const its = () => {
    if (!running) throw new Error('the demo runs only while the tests do')
    return running
  }
  beforeAll(async () => {
    const env = await onFreePorts(given)
    const { signal } = new AbortController()
    running = { env, stack: await startStack({ env, folder: shop.folder, say: () => undefined, signal }) }
  }, 180_000)
  afterAll(async () => {
    await running?.stack.stop()
    await shop.end()
  }, 60_000)

  const switchFault = async (path: string, init: RequestInit) => {
    const answer = await fetch(`http://127.0.0.1:${its().env.API_PORT}/faults${path}`, init)
    if (!answer.ok) throw new Error(`the fault was not switched: ${answer.status} ${await answer.text()}`)
  }
  return {
    get stack() {
      return its().stack
    },
    get env() {
      return its().env
    },
    folder: shop.folder,
    component: (name) => {
      const found = its().stack.components.find(({ parts }) => parts[0].name === name)
      if (!found) throw new Error(`no component ${name}`)
      return found
    },
    bringAbout: (name) =>
      switchFault('', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name, seconds: 600 }),
      }),
    clear: (name) => switchFault(`/${name}`, { method: 'DELETE' }),
  }
}
