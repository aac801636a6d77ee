import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readEnv } from '../config/env.ts'
import { dockerWith } from './docker/call.ts'
import { probeEngine } from './docker/engine.ts'
import { filesFor, pinnedFileName as name } from './docker/files.ts'
import { howToUsePinned, pinnedFile } from './docker/pin.ts'
import { root } from './plan.ts'

const say = (line: string) => console.log(line)

const pin = async () => {
  const over = filesFor(readEnv())
  const docker = dockerWith({ env: {}, files: { over, without: name } })
  const engine = await probeEngine({ docker })
  if (!engine.usable) throw new Error(`could not pin the images: ${engine.why}. Nothing was written`)
  const text = await pinnedFile(docker, say, new Date())
  writeFileSync(join(root, name), text)
  say(howToUsePinned(over))
}

pin().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
})
