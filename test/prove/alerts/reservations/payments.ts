import {
  guestsUnableToPay,
  paymentsDeclined,
  paymentsFailingOften,
  paymentsStopped,
  paymentsStuck,
} from '../../../../alerts/reservations/payments.ts'
import type { Connection } from '../../../../demo/database.ts'
import type { Provocation } from '../provocation.ts'

/** Attempts of so many guests, all for reservations of their own. */
const attempts = (count: number, status: string, ago = '0') => `
  insert into payments (reservation_id, amount_cents, status, created_at)
    select id, 2000, '${status}', now() - interval '${ago}' from reservations
    where status = 'CONFIRMED' order by date limit ${count}`

/** Whoever waits so long is asked no more. */
const daysPass = `update payments set created_at = created_at - interval '2 days' where status <> 'succeeded'`

/** Faults of paying, in a database of the demo that nobody else changes. */
export const paymentFaults = (instance: string, { run }: Connection): readonly Provocation[] => {
  const labels = { instance }
  return [
    {
      fault: 'the payment provider answers with errors: 12 attempts fail',
      fires: [{ alert: paymentsFailingOften, labels }],
      bring: () => run(attempts(12, 'failed')),
      end: () => run(daysPass),
    },
    {
      fault: 'the provider declines the cards of 60 guests',
      fires: [
        { alert: paymentsDeclined, labels },
        { alert: guestsUnableToPay, labels },
      ],
      bring: () => run(attempts(60, 'declined')),
      end: () => run(daysPass),
    },
    {
      fault: 'webhooks do not arrive: 12 payments of two hours ago are still processing',
      fires: [{ alert: paymentsStuck, labels }],
      bring: () =>
        run(`alter table payments drop constraint payments_status_check; ${attempts(12, 'processing', '2 hours')}`),
      end: () => run(`update payments set status = 'succeeded' where status = 'processing'`),
    },
    {
      fault: 'for an hour guests book and the form for paying does not load',
      fires: [{ alert: paymentsStopped, labels }],
      bring: () =>
        run(`
          update payments set created_at = created_at - interval '1 hour' where created_at > now() - interval '1 hour';
          insert into reservations (user_id, table_id, date, party_size, status)
            select 1, 1, now() + (n || ' minutes')::interval, 2, 'CONFIRMED' from generate_series(1, 80) n`),
      end: () => run(attempts(1, 'succeeded')),
    },
  ]
}
