import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { ensurePrograms } from '../../compose/local/programs.ts'

/** What promtool has against metrics. */
export const checked = async (text: string) => {
  const { promtool } = await ensurePrograms(['promtool'])
  const child = execFile(promtool.path, ['check', 'metrics'], { env: promtool.env })
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (words) => said.push(String(words)))
  child.stdin?.end(text)
  await once(child, 'close')
  return said.join('')
}
