import type { Case, Question } from './case.ts'
import { firedReadings, ladderCases } from './escalation/index.ts'
import { httpCases } from './http/index.ts'
import { jobCases } from './jobs/index.ts'
import { postgresCases } from './postgres/index.ts'
import { probeCases } from './probe/index.ts'
import { promiseCases, promiseReadings } from './promises.ts'
import { redisCases } from './redis/index.ts'
import { reservationCases } from './reservations/index.ts'
import { securityCases } from './security/index.ts'
import { serviceCases } from './service/index.ts'
import { stackCases } from './stack/index.ts'

export const everyCase: readonly Case[] = [
  ...promiseCases,
  ...httpCases,
  ...serviceCases,
  ...reservationCases,
  ...postgresCases,
  ...redisCases,
  ...probeCases,
  ...jobCases,
  ...securityCases,
  ...stackCases,
  ...ladderCases,
]

/** All that rules are asked, but for the moment at which each alert begins. */
export const everyQuestion: readonly Question[] = [...everyCase, ...promiseReadings, ...firedReadings]
