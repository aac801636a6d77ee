import { differences, writeGenerated } from './generated-files.ts'

const write = (wanted: ReadonlyMap<string, string>) => {
  writeGenerated(wanted)
  console.log(`${wanted.size} files are up to date in compose/generated`)
}

const check = (wanted: ReadonlyMap<string, string>) => {
  const found = differences(wanted)
  for (const line of found) console.error(`compose/generated/${line}`)
  if (found.length > 0) {
    console.error('Run `npm run generate`, and commit what it writes.')
    process.exitCode = 1
  }
}

try {
  // Imported here, so that a fault found while the model is built is told in the same plain line.
  const { artefacts } = await import('./artefacts.ts')
  const wanted = artefacts()
  if (process.argv.includes('--check')) check(wanted)
  else write(wanted)
} catch (fault) {
  console.error(fault instanceof Error ? fault.message : String(fault))
  process.exitCode = 1
}
