import { fileURLToPath } from 'node:url'
import { readEnv } from '../config/env.ts'
import { composeDeploymentFor } from './deployment.ts'
import { differences, outdated, writeAmong, writeGenerated } from './generated-files.ts'

type Files = ReadonlyMap<string, string>

const root = fileURLToPath(new URL('..', import.meta.url))

const write = (wanted: Files, pages: Files) => {
  writeGenerated(wanted)
  writeAmong(pages, root)
  console.log(`${wanted.size} files are up to date in compose/generated, and ${[...pages.keys()].join(', ')}`)
}

const check = (wanted: Files, pages: Files) => {
  const found = [...differences(wanted).map((line) => `compose/generated/${line}`), ...outdated(pages, root)]
  for (const line of found) console.error(line)
  if (found.length > 0) {
    console.error('Run `npm run generate`, and commit what it writes.')
    process.exitCode = 1
  }
}

try {
  // Imported here, so that a fault found while the model is built is told in the same plain line.
  const { artefacts, pages } = await import('./artefacts.ts')
  const env = readEnv()
  if (process.argv.includes('--given')) {
    const { writeGiven } = await import('./docker/given.ts')
    writeGiven(env, (line) => console.log(line))
  } else {
    const wanted = artefacts(composeDeploymentFor(env))
    if (process.argv.includes('--check')) check(wanted, pages())
    else write(wanted, pages())
  }
} catch (fault) {
  console.error(fault instanceof Error ? fault.message : String(fault))
  process.exitCode = 1
}
