/** What the SSH server says of a login. Whose it was is left where it stands: people type passwords in the place of names. */
export interface Login {
  /** Milliseconds of Unix time. */
  readonly at: number
  readonly outcome: 'refused' | 'let in'
  /** The address it came from. */
  readonly source: string
  /** How often, where the log says that a line was repeated. */
  readonly times: number
}

/** `sshd-session` since OpenSSH 9.8. */
const program = /^\S+ sshd(?:-session)?(?:\[\d+\])?: (?<message>.*)$/
const short = /^(?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) (?<hours>\d\d):(?<minutes>\d\d):(?<seconds>\d\d) (?<rest>.*)$/
const precise = /^(?<moment>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)) (?<rest>.*)$/
const repeated = /^message repeated (?<times>\d+) times: \[ ?(?<message>.*)\]$/
/** Whatever was typed as the name stands before the last ` from`: it cannot pass for an address. */
const refused =
  /^Failed (?:password|keyboard-interactive(?:\/pam)?|none) for .* from (?<source>\S+) port \d+(?: ssh2)?$/
const letIn = /^Accepted \S+ for \S+ from (?<source>\S+) port \d+(?: |$)/

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** A line of `auth.log`. */
export interface Line {
  readonly at: number
  readonly message: string | undefined
}

/**
 * Reads the time of a line of `auth.log`, as rsyslog writes it since Debian 12 and as it did before, in the time of this
 * machine; and what the SSH server said in it, where it was that.
 * @returns undefined where the line begins with no time
 */
export const readLine = (line: string, now: number): Line | undefined => {
  const [old, iso] = [short.exec(line)?.groups, precise.exec(line)?.groups]
  const at = old ? momentOf(old, now) : iso ? Date.parse((iso.moment ?? '').replace(',', '.')) : undefined
  if (at === undefined || Number.isNaN(at)) return undefined
  return { at, message: program.exec((old ?? iso)?.rest ?? '')?.groups?.message }
}

/** No year is told: the last one in which the day is not in the future. A clock may be ahead by some hours. */
const momentOf = (groups: Readonly<Record<string, string>>, now: number) => {
  const { month = '', day = '', hours, minutes, seconds } = groups
  const at = months.indexOf(month)
  if (at < 0) return undefined
  const year = new Date(now).getFullYear()
  // The 29th of February may be some years ago.
  return [0, 1, 2, 3, 4, 5, 6, 7, 8]
    .map((ago) => new Date(year - ago, at, Number(day), Number(hours), Number(minutes), Number(seconds)))
    .find((one) => one.getDate() === Number(day) && one.getTime() <= now + 86_400_000)
    ?.getTime()
}

/** What the SSH server said of a login, where it was of one. */
export const readMessage = (at: number, said: string): Login | undefined => {
  const again = repeated.exec(said)?.groups
  const message = again?.message ?? said
  const times = Number(again?.times ?? 1)
  const no = refused.exec(message)?.groups
  if (no) return { at, outcome: 'refused', source: no.source ?? '', times }
  const yes = letIn.exec(message)?.groups
  return yes && { at, outcome: 'let in', source: yes.source ?? '', times }
}

export interface Tally {
  readonly refused: number
  /** From the most to the fewest. */
  readonly sources: readonly { readonly source: string; readonly refused: number }[]
  /** Sources that were let in after they had been refused `guesses` times. */
  readonly guessed: readonly { readonly source: string; readonly refused: number }[]
}

/** Counts logins, in the order in which they happened. */
export const tallyOf = (guesses: number) => {
  const by = new Map<string, number>()
  const guessed = new Map<string, number>()
  return {
    add: ({ outcome, source, times }: Login) => {
      const before = by.get(source) ?? 0
      if (outcome === 'refused') by.set(source, before + times)
      else if (before >= guesses) guessed.set(source, before)
    },
    tally: (): Tally => ({
      refused: [...by.values()].reduce((sum, count) => sum + count, 0),
      sources: listed(by),
      guessed: listed(guessed),
    }),
  }
}

const listed = (counts: ReadonlyMap<string, number>) =>
  [...counts].map(([source, refused]) => ({ source, refused })).toSorted((a, b) => b.refused - a.refused)
