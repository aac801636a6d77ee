import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Program } from './find-program.ts'

const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`

/** Programs in one folder by the names they are called by, each with what it needs around it. */
export const programFolder = (folder: string, programs: Readonly<Record<string, Program>>): string => {
  mkdirSync(folder, { recursive: true })
  for (const [name, { path, env, wrap }] of Object.entries(programs)) {
    const set = Object.entries(env).map(([variable, value]) => `export ${variable}=${quoted(value)}`)
    const file = join(folder, name)
    writeFileSync(file, `${['#!/bin/sh', ...set, `exec ${[...wrap, path].map(quoted).join(' ')} "$@"`].join('\n')}\n`)
    chmodSync(file, 0o755)
  }
  return folder
}
