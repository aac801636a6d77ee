import type { Ceilings } from '../../config/cleanup.ts'
import { type CleanupKind, cleanupKinds } from '../../exporters/jobs/cleanup.ts'

/** How many of a kind may go in this run, and whether that is enough. */
export interface Permitted {
  readonly kind: CleanupKind
  readonly due: number
  readonly most: number
  /** None of them goes. */
  readonly over: boolean
}

export const permitted = (ceilings: Ceilings, kind: CleanupKind, due: number): Permitted => {
  const most = ceilings[kind]
  return { kind, due, most, over: due > most }
}

/** What to type so that these may go, once. */
export const allowing = (over: readonly Permitted[]): string =>
  `npm run job -- cleanup ${over.map(({ kind, due }) => `--allow ${kind}=${due}`).join(' ')}`

/**
 * The ceilings of one run for which somebody allowed more, in words such as `reservations=250000`.
 * @throws Error naming what is wrong with the words
 */
export const raised = (ceilings: Ceilings, allow: readonly string[]): Ceilings => {
  const found: Record<CleanupKind, number> = { ...ceilings }
  for (const words of allow) {
    const [, name, number] = /^(\w+)=(\d{1,12})$/.exec(words) ?? []
    const kind = cleanupKinds.find((one) => one === name)
    if (kind === undefined) {
      throw new Error(`--allow ${words} allows nothing: write one of ${cleanupKinds.join(', ')}, = and how many`)
    }
    found[kind] = Math.max(found[kind], Number(number))
  }
  return found
}
