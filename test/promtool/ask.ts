import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Program } from '../../compose/local/find-program.ts'
import { run } from '../../compose/local/run.ts'
import { apart, type Batch } from './case.ts'
import type { Files } from './files.ts'

/** Runs the `test.yml` among files, and tells what promtool said of it. */
export type Asking = (files: Files) => Promise<{ readonly holds: boolean; readonly output: string }>

/** A promtool that is asked; what it reads is removed in the end. */
export const asking = (promtool: Program) => {
  const folder = mkdtempSync(join(tmpdir(), 'rules-'))
  let written = 0
  const ask: Asking = async (files) => {
    const home = join(folder, String(written++))
    mkdirSync(home)
    for (const [name, text] of Object.entries(files)) writeFileSync(join(home, name), text)
    const { code, output } = await run([promtool.path, 'test', 'rules', join(home, 'test.yml')], { env: promtool.env })
    return { holds: code === 0 && output.includes('SUCCESS'), output }
  }
  return { ask, end: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Asks whether cases hold. */
export const asker = (promtool: Program) => {
  const { ask, end } = asking(promtool)
  return {
    /** What promtool says of each question that fails, under its name. */
    failures: async (batch: Batch): Promise<readonly string[]> => {
      if ((await ask(batch.files)).holds) return []
      const answers = await Promise.all(
        apart(batch).map(async (one) => ({ name: one.asked[0]?.name, ...(await ask(one.files)) })),
      )
      const failed = answers.filter(({ holds }) => !holds)
      return failed.length > 0 ? failed.map(({ name, output }) => `${name}: ${output}`) : ['fails only together']
    },
    end,
  }
}
