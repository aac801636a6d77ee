import type { UrlVariable } from '../config/env.ts'

/** Containers, or processes of this machine. */
export type Way = 'docker' | 'local'

/** What a Docker engine can do for us; where it is nothing, why. */
export type Engine =
  | { readonly usable: true; readonly version: string }
  | { readonly usable: false; readonly why: string }

interface Wish {
  /** `--docker` and `--local`. */
  readonly docker: boolean
  readonly local: boolean
  /** `--tell-nobody`. */
  readonly tellNobody: boolean
  /** Variables with the URL of a real service. */
  readonly given: readonly UrlVariable[]
}

export interface Choice {
  readonly way: Way
  /** Ends the sentence `... as local processes:`. */
  readonly why: string
}

/**
 * What is settled before any engine is asked; undefined where that decides.
 * @throws Error where the wishes contradict each other
 */
export const settled = ({ docker, local, tellNobody, given }: Wish): Choice | undefined => {
  const [first] = given
  if (docker && local) throw new Error('--docker and --local exclude each other: give one of them, or none')
  if (docker && tellNobody) {
    throw new Error(
      '--tell-nobody is for local processes: containers tell whomever their secrets reach. Leave --docker out, or take the secrets away',
    )
  }
  if (local) return { way: 'local', why: '--local was given' }
  if (first && !docker) {
    return {
      way: 'local',
      why: `${given.join(', ')} given; --docker would watch ${given.length === 1 ? 'it' : 'them'} with containers`,
    }
  }
  if (tellNobody)
    return { way: 'local', why: '--tell-nobody was given, and containers tell whomever their secrets reach' }
  return undefined
}

/**
 * By what the engine can do.
 * @throws Error where Docker was asked for and cannot be had
 */
export const choose = ({ docker }: Wish, engine: Engine): Choice => {
  if (engine.usable) {
    const version = `Docker ${engine.version} answers and has every image`
    return { way: 'docker', why: docker ? '--docker was given' : `${version}; --local would use local processes` }
  }
  if (docker) throw new Error(`could not use Docker: ${engine.why}`)
  return { way: 'local', why: engine.why }
}
