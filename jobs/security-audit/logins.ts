import type { SecuritySettings } from '../../config/security.ts'
import { failedLogins } from '../../exporters/jobs/security.ts'
import type { Check, Finding, Planned } from './check.ts'
import { type Login, type Tally, tallyOf } from './login-lines.ts'
import { isThere, loginsOfFile, loginsOfJournal } from './login-sources.ts'

interface Options {
  readonly settings: SecuritySettings['logins']
  readonly now?: () => number
}

/** How many addresses the report names. */
const named = 10

/** Logins by SSH that were refused of late. Addresses stand in the report alone, and names nowhere. */
export const logins = async ({ settings, now = Date.now }: Options): Promise<Planned> => {
  const { files, server, hours, guesses } = settings
  const there = await Promise.all(files.map(isThere))
  const file = files.find((_, at) => there[at])
  if (file === undefined && !(await isThere(server))) {
    return {
      name: 'logins',
      leftOut: `there is no SSH server here: neither ${server} nor a log of logins. In a container the machine's own is not seen`,
    }
  }
  const look: Check['look'] = async ({ signal, progress }) => {
    const { add, tally } = tallyOf(guesses)
    const at = now()
    const reading = { from: at - hours * 3_600_000, now: at, signal, progress }
    const all: AsyncGenerator<Login> = file === undefined ? loginsOfJournal(reading) : loginsOfFile(file, reading)
    for await (const login of all) add(login)
    return seen(tally(), settings)
  }
  return { name: 'logins', subjects: [`logins by SSH within ${hours} hours, in ${file ?? "systemd's journal"}`], look }
}

const seen = ({ refused, sources, guessed }: Tally, { most, hours }: SecuritySettings['logins']) => {
  const top = sources.slice(0, named).map((one) => `${one.source} (${one.refused})`)
  const findings: readonly Finding[] = [
    ...guessed.map((one) => ({
      what: `${one.source} was let in after it had been refused ${one.refused} times: somebody may have guessed a password`,
      remedy: 'ask whose login it was; where nobody knows, shut it, change its password and look at what it did',
    })),
    ...(refused > most
      ? [
          {
            what: `${refused} logins were refused within ${hours} hours, from ${sources.length} addresses: ${top.join(', ')}`,
            remedy: 'let SSH take keys alone (PasswordAuthentication no), and shut out who guesses with fail2ban',
          },
        ]
      : []),
  ]
  return {
    findings,
    failures: [],
    notes: [`${refused} logins were refused within ${hours} hours, from ${sources.length} addresses`],
    samples: [failedLogins.sample(refused)],
  }
}
