import type { Case } from './case.ts'
import { ladderCases } from './escalation/index.ts'
import { httpCases } from './http/index.ts'
import { jobCases } from './jobs/index.ts'
import { postgresCases } from './postgres/index.ts'
import { probeCases } from './probe/index.ts'
import { promiseCases } from './promises.ts'
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
