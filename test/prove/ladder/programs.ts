import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Program } from '../../../compose/local/find-program.ts'
import { ensurePrograms } from '../../../compose/local/programs.ts'

/** What Debian 12 has, and what the images run. */
export const generations = ['2', '3'] as const
export type Generation = (typeof generations)[number]

export interface Programs {
  readonly prometheus: Program
  readonly alertmanager: Program
  readonly promtool: Program
  readonly amtool: Program
  /** `Prometheus 2.42.0, Alertmanager 0.25.0` */
  readonly words: string
}

const found = async (generation: Generation) => {
  if (generation === '2') return ensurePrograms(['prometheus', 'alertmanager', 'promtool', 'amtool'])
  const newer = await ensurePrograms(['prometheus-3', 'alertmanager-0.3', 'promtool-3', 'amtool-0.3'])
  return {
    prometheus: newer['prometheus-3'],
    alertmanager: newer['alertmanager-0.3'],
    promtool: newer['promtool-3'],
    amtool: newer['amtool-0.3'],
  }
}

/** The programs of a generation. */
export const programsOf = async (generation: Generation): Promise<Programs> => {
  const { prometheus, alertmanager, promtool, amtool } = await found(generation)
  const words = `Prometheus ${prometheus.version}, Alertmanager ${alertmanager.version}`
  return { prometheus, alertmanager, promtool, amtool, words }
}

/** A file of a folder, written. */
export const put = (folder: string, name: string, text: string): string => {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, name)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}
