interface Readable {
  /** At which something is drawn, in their order. */
  readonly moments: () => readonly number[]
  /** Shows what is there; undefined shows nothing. */
  readonly show: (moment: number | undefined) => void
}

/** From the place of one moment, or from none (-1), to another. */
const steps: Readonly<Record<string, (place: number, last: number) => number>> = {
  ArrowLeft: (place, last) => (place < 0 ? last : Math.max(0, place - 1)),
  ArrowRight: (place, last) => Math.min(last, place + 1),
  Home: () => 0,
  End: (_place, last) => last,
}

/** Lets the keyboard read a chart moment by moment while it is there. Returns what reads on when it was drawn anew. */
export const readByKeys = (area: HTMLElement, { moments, show }: Readable): (() => void) => {
  let at: number | undefined
  const read = (moment: number | undefined) => {
    at = moment
    show(moment)
  }
  const leave = () => at !== undefined && read(undefined)
  /** Of the moment that is read, or of the last before it where it is not drawn any more. */
  const placeIn = (all: readonly number[]) => {
    const now = at
    return now === undefined ? -1 : all.findLastIndex((moment) => moment <= now)
  }
  area.addEventListener('keydown', (event) => {
    if (event.target !== area || event.ctrlKey || event.metaKey || event.altKey) return
    const step = steps[event.key]
    if (step) {
      event.preventDefault()
      const all = moments()
      read(all[step(placeIn(all), all.length - 1)])
    } else if (event.key === 'Escape' && at !== undefined) {
      event.stopPropagation()
      leave()
    }
  })
  area.addEventListener('blur', leave)
  return () => {
    if (at === undefined) return
    const all = moments()
    read(all[Math.max(0, placeIn(all))])
  }
}
