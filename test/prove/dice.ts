/** Chance that can be repeated: the same seed throws the same. */
export interface Dice {
  /** 32 bits. */
  word(): number
  /** From 0 up to, and without, the limit. */
  below(limit: number): number
  one<T>(choices: readonly T[]): T
}

/** Mulberry32, which is in the public domain: even enough for tests, and a few operations a throw. */
export const diceOf = (seed: number): Dice => {
  let state = seed >>> 0
  const word = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const below = (limit: number) => Math.floor((word() / 2 ** 32) * limit)
  const one = <T>(choices: readonly T[]) => {
    const choice = choices[below(choices.length)]
    if (choice === undefined) throw new Error('could not choose: there is nothing to choose from')
    return choice
  }
  return { word, below, one }
}
