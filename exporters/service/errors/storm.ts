const second = 1_000

/** Lets the first of a second through. */
export interface Gate {
  /** Whether one more may pass. */
  admits(): boolean
  /** Tells at once how many were held back. */
  close(): void
}

interface GateOptions {
  /** In a second. */
  readonly most: number
  /** Told once for each second in which some were held back. */
  readonly tell: (held: number) => void
  readonly now?: () => number
}

/** Against what comes in thousands: each of them looked at would hold up everything else. */
export const gate = ({ most, tell, now = Date.now }: GateOptions): Gate => {
  let began = Number.NEGATIVE_INFINITY
  let passed = 0
  let held = 0
  let timer: NodeJS.Timeout | undefined
  const settle = () => {
    clearTimeout(timer)
    timer = undefined
    if (held > 0) tell(held)
    held = 0
  }
  return {
    admits: () => {
      const at = now()
      // A clock that was set back must not close the gate for hours.
      if (at - began >= second || at < began) {
        settle()
        began = at
        passed = 0
      }
      if (++passed <= most) return true
      held++
      timer ??= setTimeout(settle, second).unref()
      return false
    },
    close: settle,
  }
}
