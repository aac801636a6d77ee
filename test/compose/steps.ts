/** A step of a proof, and what was seen. */
export type Step = readonly [step: string, seconds: number, seen: string]

/** Does one step after the other, with its seconds. After one that failed, only what is done in any case. */
export const stepsOf = (say: (line: string) => void) => {
  const rows: Step[] = []
  const faults: string[] = []
  const always = async (name: string, work: () => Promise<string>) => {
    const began = Date.now()
    const done = (seen: string) => {
      const seconds = Math.round((Date.now() - began) / 100) / 10
      rows.push([name, seconds, seen])
      say(`${seconds.toFixed(1).padStart(6)} s  ${name}: ${seen}`)
    }
    try {
      done(await work())
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error)
      faults.push(`${name}: ${words}`)
      done(`FAILED: ${words.split('\n')[0]}`)
    }
  }
  const step: typeof always = async (name, work) => {
    if (faults.length === 0) await always(name, work)
  }
  return { rows, faults, step, always }
}
