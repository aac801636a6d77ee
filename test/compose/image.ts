import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fetchedRoots, fetchPackages } from '../../compose/local/packages.ts'
import { run } from '../../compose/local/run.ts'
import type { Engine } from './engine.ts'
import { furnish } from './furniture.ts'
import type { StandIn } from './standins.ts'

type Say = (line: string) => void

/** The label that tells a stand-in from an image of a registry. */
export const standInLabel = 'techplus.stand-in'

/** Where its packages are unpacked. Those of several images may be the same. */
export const unpack = async (folder: string, { suite, packages }: StandIn, say: Say): Promise<string> => {
  const own = join(folder, suite, packages.at(-1) ?? 'base')
  mkdirSync(own, { recursive: true })
  return fetchedRoots(own)[0] ?? (await fetchPackages(own, { names: packages, say, suite }))
}

/** Makes an image of what is unpacked in `root`, and of what belongs to it besides. */
export const importImage = async (engine: Engine, root: string, standIn: StandIn, folder: string): Promise<void> => {
  const { image, only = ['.'], settings } = standIn
  const furniture = mkdtempSync(join(folder, 'image-'))
  try {
    // By links, so that nothing is copied; what is written over is removed first.
    const copied = await run(['cp', '-al', '--parents', ...only, furniture], { cwd: root })
    if (copied.code !== 0) throw new Error(`could not gather ${image}: ${copied.output}`)
    await furnish(furniture, standIn)
    const tar = spawn('tar', ['--numeric-owner', '-c', '-C', furniture, '.'], { stdio: ['ignore', 'pipe', 'inherit'] })
    const changes = [...settings, `LABEL ${standInLabel}=true`].flatMap((setting) => ['--change', setting])
    const docker = spawn('docker', ['import', ...changes, '-', image], {
      env: { ...process.env, ...engine.env },
      stdio: [tar.stdout, 'ignore', 'inherit'],
    })
    // Where nobody reads any more, it would wait for ever.
    docker.once('exit', () => tar.stdout.destroy())
    const codes = await Promise.all([once(tar, 'exit'), once(docker, 'exit')])
    if (codes.some(([code]) => code !== 0)) throw new Error(`could not import ${image}`)
  } finally {
    rmSync(furniture, { recursive: true, force: true })
  }
}
