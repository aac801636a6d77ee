import type { Climb, Message } from './climb.ts'
import { type Due, law, responseOf, type Step } from './law.ts'
import { type Pace, resendOf } from './pace.ts'
import { type Patience, patienceFor } from './patience.ts'
import { missingWords, wholeSecond } from './text.ts'

/** How a step was told. */
export interface Told {
  readonly due: Due
  /** Milliseconds after it was due, of the first message by each channel. */
  readonly after: readonly number[]
  /** Messages more than one by each channel. */
  readonly again: number
}

export interface Judged {
  readonly told: readonly Told[]
  readonly faults: readonly string[]
}

interface Judging {
  readonly pace: Pace
  readonly patience: Patience
  /** Whether a message may come again: where a program was killed that had not written down that it was sent. */
  readonly mayRepeat?: boolean
  readonly outage?: Outage | undefined
}

/** A time in which a program was away: what is due in it comes after it. */
export interface Outage {
  /** Milliseconds since 1970: until it did again what it does. */
  readonly from: number
  readonly until: number
  /** Whether it was Prometheus. What ends while it is away it does not know of: Alertmanager waits for it, for some time. */
  readonly judge: boolean
  /** Whether Alertmanager was away as well: what ends meanwhile nobody can be told of, as nobody knows that it ever fired. */
  readonly forgets: boolean
}

const isOf = ({ receiver, step }: Due, heard: Message) => heard.receiver === receiver && heard.over === ends(step)

const ends = (step: Step | 'closing') => step === 'resolution' || step === 'closing'

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`

const latest = (due: Due, climb: Climb, { patience, outage }: Judging) => {
  const patient = patienceFor(patience, due, climb)
  const usual = due.at + patient
  if (!outage || due.at > outage.until || outage.from > usual) return usual
  return (
    Math.max(usual, outage.until + resendOf(patience.pace) + patient) +
    (outage.judge && ends(due.step) ? patience.forgotten : 0)
  )
}

/** Alerts end for both at an evaluation, and are told in turn. */
const isForgotten = ({ step, at }: Due, { patience, outage }: Judging) =>
  outage?.forgets === true && ends(step) && at >= outage.from - 4 * patience.interval && at <= outage.until

/** A first notification comes again once the response time has run out: that is no fault, and not counted. */
const isRepeat = ({ step, at }: Due, response: number, message: Message) =>
  step === 'first' && message.at >= at + response

const toldOf = (due: Due, heard: readonly Message[], response: number): Told => {
  const by = due.via.map((via) =>
    heard.filter((one) => isOf(due, one) && one.via === via && !isRepeat(due, response, one)),
  )
  return {
    due,
    after: by.flatMap(([first]) => (first ? [first.at - due.at] : [])),
    again: by.reduce((sum, messages) => sum + Math.max(0, messages.length - 1), 0),
  }
}

const faultsOf = (due: Due, climb: Climb, heard: readonly Message[], judging: Judging): readonly string[] =>
  due.via.flatMap((via) => {
    const patient = patienceFor(judging.patience, due, climb)
    const what = `${due.step} by ${via} to ${due.receiver}`
    const messages = heard.filter((one) => isOf(due, one) && one.via === via)
    const [first] = messages
    if (!first) return isForgotten(due, judging) ? [] : [`${what} never came`]
    const late = first.at - latest(due, climb, judging)
    // When an alert began is known in whole seconds, and it has fired for Alertmanager an evaluation later, or two on a busy machine.
    const early = due.at - first.at - wholeSecond - 2 * judging.patience.interval
    const response = responseOf(judging.pace, climb.alert)
    const counted = messages.filter((one) => !isRepeat(due, response, one))
    const repeats = counted.length > 1 && !judging.mayRepeat && !judging.patience.listed(due, climb)
    return [
      ...(early > 0 ? [`${what} came ${seconds(due.at - first.at)} before it was due`] : []),
      ...(late > 0 ? [`${what} came ${seconds(first.at - due.at)} after it was due, ${seconds(late)} too late`] : []),
      ...(repeats ? [`${what} came ${counted.length} times`] : []),
      ...counted
        .flatMap((one) => missingWords(judging.pace, due, climb, one, patient))
        .map((words) => `${what} does not say ${words}`),
    ]
  })

const stray = (dues: readonly Due[], heard: readonly Message[]) =>
  heard
    .filter((one) => !dues.some((due) => isOf(due, one) && due.via.some((via) => via === one.via)))
    .map(({ receiver, via, over }) => `${receiver} heard by ${via} that it ${over ? 'is over' : 'fires'}, undue`)

/** Holds what was heard of an incident against the law. */
export const judge = (climb: Climb, heard: readonly Message[], judging: Judging): Judged => {
  const dues = law(judging.pace, climb)
  const faults = [...dues.flatMap((due) => faultsOf(due, climb, heard, judging)), ...stray(dues, heard)]
  return {
    told: dues.map((due) => toldOf(due, heard, responseOf(judging.pace, climb.alert))),
    faults: [...new Set(faults)].map((fault) => `${climb.alert.id} of ${climb.instance}: ${fault}`),
  }
}

/** Of the slowest channel, in seconds after it was due; `–` where the step is none. */
export const cell = ({ told }: Judged, step: Step): string => {
  const found = told.find(({ due }) => due.step === step)
  if (!found) return '–'
  return found.after.length === 0 ? 'never' : (Math.max(...found.after) / 1000).toFixed(1)
}
