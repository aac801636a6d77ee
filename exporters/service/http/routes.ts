import findMyWay from 'find-my-way'
import { expressRoute } from './express.ts'
import type { FindRoute } from './watch.ts'

/**
 * The route of a request that nobody named: what Express wrote on it, else the first of these patterns that fits its path.
 * @throws Error naming a pattern that is none
 */
export const routeFinder = (patterns: readonly string[]): FindRoute => {
  const byPath = patterns.length > 0 ? pathMatcher(patterns) : () => undefined
  return (request) => expressRoute(request) ?? byPath(request.url ?? '')
}

const pathMatcher = (patterns: readonly string[]) => {
  const router = findMyWay()
  const nothing = () => undefined
  for (const pattern of patterns) {
    try {
      router.on('GET', pattern, nothing, pattern)
    } catch (cause) {
      throw new Error(`${pattern} is no route: write a pattern such as /reservations/:id, each once`, { cause })
    }
  }
  return (url: string) => {
    const found: unknown = router.find('GET', url)?.store
    return typeof found === 'string' ? found : undefined
  }
}
