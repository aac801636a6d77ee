import { createServer } from 'node:http'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type HttpWatch, httpWatch } from '../../../exporters/service/http/watch.ts'
import { faultReport } from '../../../exporters/service/instruments/faults.ts'

const ending: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ending.splice(0).toReversed()) await end()
})

describe('a fault of the instrumentation', () => {
  const reporting = () => {
    const counted: string[] = []
    const logged: string[] = []
    const clock = { now: 0 }
    const report = faultReport({
      count: (part) => counted.push(part),
      log: (words) => logged.push(words),
      now: () => clock.now,
    })
    return { counted, logged, clock, report }
  }

  test('is counted each time, and logged once a minute for each part', () => {
    const { counted, logged, clock, report } = reporting()
    for (clock.now = 0; clock.now < 60_000; clock.now += 100) report('http', new Error('x'))
    report('pools', new Error('y'))
    expect(counted).toHaveLength(601)
    expect(logged).toEqual([
      'instrumentation: http failed; the service goes on without it',
      'instrumentation: pools failed; the service goes on without it',
    ])
    clock.now = 60_000
    report('http', new Error('x'))
    expect(logged).toHaveLength(3)
  })

  test('is nobody else’s, also where it cannot be told', () => {
    const report = faultReport({
      count: () => {
        throw new Error('no counter')
      },
      log: () => {
        throw new Error('no log')
      },
    })
    expect(() => report('http', new Error('x'))).not.toThrow()
  })
})

describe('a request is answered and goes unharmed', () => {
  const watching = (more: Partial<Parameters<typeof httpWatch>[0]>) => {
    const faults: string[] = []
    const report = (part: string, cause: unknown) =>
      faults.push(`${part}: ${cause instanceof Error ? cause.message : cause}`)
    const watch = httpWatch({
      report,
      maxSeries: 100,
      onLimit: () => undefined,
      ignore: [],
      findRoute: () => undefined,
      ...more,
    })
    ending.push(watch.close)
    return { watch, faults }
  }
  const ask = async (watch: HttpWatch) => {
    const server = createServer((_request, response) => response.end('answered')).listen(0, '127.0.0.1')
    ending.push(() => server.close())
    watch.watch(server)
    await new Promise((resolve) => server.once('listening', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    return (await fetch(`http://127.0.0.1:${port}/`)).text()
  }
  const fail = () => {
    throw new Error('broken')
  }

  test.each([
    ['whose route cannot be found', { findRoute: fail }, [1]],
    ['that cannot be logged', { onEnd: fail }, [1]],
    ['that finds its metric full, which cannot be told', { maxSeries: 0, onLimit: fail }, []],
  ])('%s', async (_words, broken, counted) => {
    const { watch, faults } = watching(broken)
    expect(await ask(watch)).toBe('answered')
    await vi.waitFor(() => expect(faults).toEqual(['http: broken']))
    // Counted all the same, and under the one word for what is not known.
    const total = (await watch.kept()).find(({ metric }) => metric.name === 'http_requests_total')
    expect([...(total?.lines(false) ?? [])].map(([, value]) => value)).toEqual(counted)
    const inFlight = (await watch.kept()).find(({ metric }) => metric.name === 'http_requests_in_flight')
    expect([...(inFlight?.lines(false) ?? [])]).toEqual([['http_requests_in_flight', 0]])
  })
})
