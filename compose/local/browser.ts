import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import type { Program } from './find-program.ts'

export type { Page }

/** Nothing of a browser's own business: no first steps, no updates, no calls home. */
const flags = [
  // It has no window system to ask, and sees pages of ours only: a container would refuse it its sandbox.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
]

interface BrowserOptions {
  readonly program: Program
  readonly width?: number
  readonly height?: number
}

export interface Browser {
  /** With nothing remembered from other pages. */
  open(): Promise<Page>
  close(): Promise<void>
}

/** Chromium without a window, with a profile of its own that goes with it. It ends with this process. */
export const startBrowser = async ({ program, width = 1600, height = 900 }: BrowserOptions): Promise<Browser> => {
  const profile = mkdtempSync(join(tmpdir(), 'browser-'))
  const forget = () => rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  try {
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: program.path,
      headless: true,
      args: flags,
      env: { ...process.env, ...program.env },
      viewport: { width, height },
    })
    return {
      open: () => context.newPage(),
      close: async () => {
        await context.close()
        forget()
      },
    }
  } catch (cause) {
    forget()
    throw new Error(`could not start ${program.path}`, { cause })
  }
}
