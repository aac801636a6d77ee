import { describe, expect, test } from 'vitest'
import { deploymentOf, isDemo, portsOf } from '../../../compose/plan.ts'
import { readEnv } from '../../../config/env.ts'
import { sourceVariables, type Target, targets } from '../../../config/targets.ts'

/** By what is at its end: the variable of a target that is added gets one as well. */
const urlOf = (name: string) => {
  const kinds = Object.values<Target>(targets).find(({ url }) => url === name)?.kinds
  if (kinds === undefined) return 'http://service.internal:3000'
  return kinds.includes('redis') ? 'redis://cache.internal:6379' : 'postgres://exporter@db.internal/shop'
}
const portNames = (given: Readonly<Record<string, string>>) => portsOf(readEnv(given)).map(({ name }) => name)

describe('what a local start runs', () => {
  test('is the demo as long as nothing else is named', () => {
    expect(isDemo(readEnv({}))).toBe(true)
    expect(deploymentOf(readEnv({}), '/x').targets).toEqual(['main', 'cache'])
    expect(portNames({})).toContain('Demo API')
  })

  test.each(sourceVariables)('is no demo where %s is given', (name) => {
    const given = { [name]: urlOf(name) }
    expect(isDemo(readEnv(given))).toBe(false)
    expect(portNames(given)).not.toContain('Demo API')
    expect(deploymentOf(readEnv(given), '/x').pager).toBeUndefined()
  })

  test('reads the targets that have a URL, and no others', () => {
    const targetsWith = (...names: readonly string[]) =>
      deploymentOf(readEnv(Object.fromEntries(names.map((name) => [name, urlOf(name)]))), '/x').targets
    expect(targetsWith('DATABASE_URL')).toEqual(['main'])
    expect(targetsWith('REDIS_URL')).toEqual(['cache'])
    expect(targetsWith('API_URL')).toEqual([])
  })
})
