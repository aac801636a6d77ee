import type { Case } from './case.ts'
import { postgresCases } from './postgres.ts'
import { promiseCases } from './promises.ts'
import { redisCases } from './redis.ts'
import { serviceCases } from './service.ts'
import { stackCases } from './stack.ts'

export const everyCase: readonly Case[] = [
  ...promiseCases,
  ...postgresCases,
  ...redisCases,
  ...serviceCases,
  ...stackCases,
]
