import { alertmanagerUp, deliveriesTotal, ledgerUp } from '../../exporters/incidents/metrics.ts'
import { eq, gt, increase, maxOverTime } from '../../metrics/promql.ts'
import { alert, type Look } from '../alert.ts'

const whatItSays: Look = {
  look: 'What the recorder says of itself, and in its log',
  shell: 'curl -s http://127.0.0.1:9466/health; docker compose logs --tail 50 incidents',
}
const whatCame: Look = {
  look: 'What became of the notifications that it was sent',
  shell: 'curl -s http://127.0.0.1:9466/metrics | grep ^incidents_deliveries_total',
}

/** Asked more often than it is scraped, it may have failed once between two that it answered. */
const window = '1m'

export const acknowledgementsUnseen = alert({
  name: 'AcknowledgementsUnseen',
  expr: eq(maxOverTime(alertmanagerUp, window), 0),
  for: '2m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) =>
    `${label('instance')} does not reach Alertmanager: an alert that somebody acknowledges is escalated all the same`,
  action: 'See whether Alertmanager runs, and whether the recorder has its address (ALERTMANAGER_URL).',
  runbook: {
    meaning:
      'The recorder of incidents asked Alertmanager for its alerts and silences, and got no answer for two minutes.',
    impact:
      'Who acknowledges what is not seen. After ten minutes nothing counts as acknowledged any more: reminders and escalations go out as if nobody had responded. Times of answers are not recorded.',
    diagnosis: [{ look: 'Whether Alertmanager answers', shell: 'curl -s http://127.0.0.1:9093/-/ready' }, whatItSays],
    mitigation: [
      'Alertmanager is down: docker compose up -d alertmanager. Then nobody is told of anything: that is the greater fault.',
      'It runs: mend ALERTMANAGER_URL, or the network between the two.',
    ],
  },
})

export const incidentsNotKept = alert({
  name: 'IncidentsNotKept',
  expr: eq(maxOverTime(ledgerUp, window), 0),
  for: '2m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label }) => `${label('instance')} cannot keep incidents: who was told and who answered is not recorded`,
  action: 'Its log names the reason: a database that does not answer, or a folder that is full or not writable.',
  runbook: {
    meaning: 'The recorder could not write to its ledger (a table in PostgreSQL, or a file) for two minutes.',
    impact:
      'Alertmanager sends a notification that could not be kept again, for some minutes; what is not kept by then is missing in the response times.',
    diagnosis: [
      whatItSays,
      { look: 'Whether its database takes connections', shell: 'pg_isready -d "$INCIDENTS_DATABASE_URL"' },
      { look: 'Whether its disk is full', shell: 'df -h "$INCIDENTS_DIR"' },
    ],
    mitigation: [
      'Bring the database back: its own alert leads.',
      'Make room on the disk, or give the recorder the right to write there.',
    ],
  },
})

/** `increase()` makes a little more than one of one, as it reckons with what the window does not hold. */
const one = 1.5

export const incidentDeliveriesFailing = alert({
  name: 'IncidentDeliveriesFailing',
  expr: gt(increase(deliveriesTotal.where({ result: 'failed' }), '30m'), one),
  for: '1m',
  keepFiringFor: '15m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${label('instance')} could not keep ${value.plain} notifications within half an hour: incidents may be missing`,
  action: 'Its log names the reason of each. If its ledger is down now, IncidentsNotKept leads.',
  runbook: {
    meaning:
      'More than one notification of Alertmanager within half an hour could not be written down by the recorder.',
    impact: 'Alertmanager tries again. What fails every time is missing in the record, and in the response times.',
    diagnosis: [whatCame, whatItSays],
    mitigation: [
      'The ledger comes and goes: see why its database or its disk does.',
      'It holds something that cannot be read: the log names it; put it aside, and start the recorder again.',
    ],
  },
})

export const incidentDeliveriesRefused = alert({
  name: 'IncidentDeliveriesRefused',
  expr: gt(increase(deliveriesTotal.where({ result: 'refused' }), '30m'), one),
  for: '1m',
  keepFiringFor: '15m',
  severity: 'low',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${label('instance')} refused ${value.plain} notifications within half an hour: they are not Alertmanager's, or it does not understand them`,
  action: 'Its log says what was wrong with them. After an upgrade of Alertmanager it is the form of the webhook.',
  runbook: {
    meaning:
      'Something sent the recorder what is no notification of Alertmanager in the form that it knows (version 4).',
    impact: 'If it was Alertmanager, nothing is recorded any more. If it was somebody else, nothing.',
    diagnosis: [
      whatCame,
      { look: 'Who sent what', shell: "docker compose logs --since 1h incidents | grep -i 'refused' | tail" },
      { look: 'Which Alertmanager runs', shell: 'docker compose exec alertmanager alertmanager --version' },
    ],
    mitigation: [
      'An Alertmanager that is too new: put the version before it back, or teach the recorder the new form.',
      'Somebody else: the address is meant for Alertmanager alone; give it a token (EXPORTER_TOKEN), or let nobody else reach it.',
    ],
  },
})
