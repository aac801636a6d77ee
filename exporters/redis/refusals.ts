interface Refusal {
  readonly cause: unknown
  readonly until: number
}

/**
 * Asks, but not again at every scrape what the login may not ask: the server counts and logs each refusal, and would seem to be
 * under attack by the exporter.
 * @param again milliseconds until what was refused is tried again, as the right may have been granted
 */
export const sparing = ({ again }: { readonly again: number }) => {
  const refusals = new Map<string, Refusal>()
  return async (question: string, ask: () => Promise<unknown>): Promise<unknown> => {
    const known = refusals.get(question)
    if (known && performance.now() < known.until) throw known.cause
    try {
      const reply = await ask()
      refusals.delete(question)
      return reply
    } catch (cause) {
      if (cause instanceof Error && cause.message.startsWith('NOPERM')) {
        refusals.set(question, { cause, until: performance.now() + again })
      }
      throw cause
    }
  }
}
