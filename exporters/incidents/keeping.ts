import { wordsOf } from '../failure.ts'
import type { Tell } from '../secret.ts'
import type { Decide, Ledger } from './ledger.ts'
import { stateTold } from './state.ts'

/** Writes to a ledger, and knows whether that works: the log hears of each change of it once. */
export interface Keeper {
  /** Whether what `decide` returns is kept, or is nothing. */
  change(decide: Decide): Promise<boolean>
  /** Finds out whether it works again where it did not: for long there may be nothing to keep. */
  retry(): Promise<void>
  works(): boolean
}

export const keeperOf = (ledger: Ledger, tell: Tell): Keeper => {
  const state = stateTold(tell, ledger.book !== undefined)
  const attempt = async (work: () => Promise<boolean>) => {
    try {
      if (await work()) state.good('incidents are kept again')
      return true
    } catch (failure) {
      // In the same words whatever was to be kept, or the log would hear of one fault again and again.
      state.bad(`could not keep incidents: ${wordsOf(failure)}`)
      return false
    }
  }
  return {
    change: (decide) => attempt(() => ledger.change(decide)),
    retry: async () => {
      if (!state.works()) await attempt(() => ledger.probe().then(() => true))
    },
    works: state.works,
  }
}
