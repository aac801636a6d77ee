import { isAlert, type RecordingRule } from '../../../alerts/alert.ts'
import { overdueName, reminderName } from '../../../alerts/escalation.ts'
import { alertNamed, type Reading, subjectOfAlert } from '../case.ts'
import { arriving, foreign, known, unanswered } from './given.ts'

/** What records them. */
const [rule]: readonly RecordingRule[] = subjectOfAlert(alertNamed(`${reminderName} of critical`)).flatMap(
  ({ rules }) => rules.flatMap((one) => (isAlert(one) ? [] : [one])),
)

type Labels = Readonly<Record<string, string>>
type State = 'firing' | 'pending'

const reading = (
  name: string,
  labels: Labels,
  value: number | undefined,
  state: State = 'firing',
): readonly Reading[] =>
  rule ? [{ name, rule, labels, value, at: '5m', series: known(labels, { since: 100, steps: 10, state }) }] : []

const main = { job: 'postgres', instance: 'main' }
const burn = (over: string) => arriving(alertNamed(`HttpAvailabilityBudgetBurn over ${over}`), {})

/** When alerts fired: a delay after the hundredth second. */
export const firedReadings: readonly Reading[] = [
  reading('an alert fires its own delay after its expression held', arriving(alertNamed('PostgresDown'), main), 160),
  reading(
    'an alert that waits for an hour fires that much later',
    arriving(alertNamed('PostgresXidAgeHigh'), { ...main, datname: 'techplus' }),
    3700,
  ),
  reading('a fast burn of a promise fires after two minutes', burn('1h'), 220),
  reading('a slow burn of the same name fires after three hours', burn('3d'), 10_900),
  reading('an alert that is none of ours counts from when its expression held', foreign('low'), 100),
  reading('an alert that is pending has not fired', arriving(alertNamed('PostgresDown'), main), undefined, 'pending'),
  reading(
    'what tells that nobody responds has no clock of its own',
    { ...unanswered(foreign('low')), alertname: overdueName, step: 'escalation' },
    undefined,
  ),
].flat()
