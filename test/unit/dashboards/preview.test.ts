import { describe, expect, test } from 'vitest'
import { formatDuration, parseDuration, roundStep } from '../../../dashboards/duration.ts'
import {
  forPeople,
  forPromql,
  forUrls,
  interpolate,
  lookupIn,
  type Meaning,
  namesIn,
  rangeMacros,
  stepMacros,
} from '../../../dashboards/preview/page/interpolate.ts'
import { closedRows, layOut } from '../../../dashboards/preview/page/layout.ts'
import { queue } from '../../../dashboards/preview/page/queue.ts'
import { legend, seriesName, toNumber, toRows, toSeries } from '../../../dashboards/preview/page/results.ts'
import { type Scene, sceneFor } from '../../../dashboards/preview/page/scene.ts'
import { align, rateInterval, stepOf } from '../../../dashboards/preview/page/step.ts'
import {
  describeRange,
  isRange,
  ownRange,
  parseMoment,
  resolveRange,
  shiftRange,
  zoomOut,
} from '../../../dashboards/preview/page/times.ts'
import { formatState, parseState, uidOf, withQuery } from '../../../dashboards/preview/page/url-state.ts'
import { all, meaningOf, settle, sorted } from '../../../dashboards/preview/page/variables.ts'

const now = Date.UTC(2026, 0, 31, 12, 30)
const [minute, hour] = [60_000, 3_600_000]

describe('what stands for something else in a query', () => {
  const meanings: Readonly<Record<string, Meaning>> = {
    one: { values: ['main'] },
    plain: { values: ['a"b\\c'] },
    several: { values: ['/a', '/b.c'], multi: true },
    single: { values: ['/b.c'], multi: true },
    all: { values: ['.*'], chosen: ['$__all'], raw: true, text: 'All', multi: true },
    none: { values: [''], chosen: [] },
    __data: { values: ['x'] },
  }
  const lookup = lookupIn(
    meanings,
    rangeMacros({ from: now - hour, to: now }),
    stepMacros(15_000, 60_000, formatDuration),
  )
  const cases: readonly (readonly [text: string, expected: string])[] = [
    ['up{instance="$one"}', 'up{instance="main"}'],
    [`up{instance="\${one}"}`, 'up{instance="main"}'],
    ['up{instance="[[one]]"}', 'up{instance="main"}'],
    ['x{a="$plain"}', 'x{a="a\\"b\\\\c"}'],
    ['x{route=~"$several"}', 'x{route=~"(/a|/b\\\\.c)"}'],
    ['x{route=~"$single"}', 'x{route=~"/b\\\\.c"}'],
    [`x{route=~"\${several:regex}"}`, 'x{route=~"(\\/a|\\/b\\.c)"}'],
    [`x{route=~"\${several:pipe}"}`, 'x{route=~"/a|/b.c"}'],
    ['x{route=~"$all"}', 'x{route=~".*"}'],
    ['rate(x[$__rate_interval])', 'rate(x[1m])'],
    ['rate(x[$__interval]) * $__interval_ms', 'rate(x[15s]) * 15000'],
    ['increase(x[$__range]) / $__range_s', 'increase(x[3600s]) / 3600'],
    ['x{code=~"5..$|$nobody"}', 'x{code=~"5..$|$nobody"}'],
    ['label_replace(x, "a", "$1", "b", "(.*)")', 'label_replace(x, "a", "$1", "b", "(.*)")'],
    [`\${several:queryparam}`, 'var-several=%2Fa&var-several=%2Fb.c'],
    [`\${all:queryparam}&\${none:queryparam}`, 'var-all=%24__all&'],
    [`\${several:csv} \${several:json}`, '/a,/b.c ["/a","/b.c"]'],
  ]

  test.each(cases)('%s becomes %s', (text, expected) => {
    expect(interpolate(text, lookup, forPromql)).toBe(expected)
  })

  test('people read the choice and not its expression, addresses get it encoded', () => {
    expect(interpolate('Of $all and $several', lookup, forPeople)).toBe('Of All and /a + /b.c')
    expect(interpolate('/x?y=$several', lookup, forUrls)).toBe('/x?y=%2Fa,%2Fb.c')
  })

  test('the names in a text are found, whatever the writing', () => {
    expect(namesIn(`label_values(up{job="$job",x="\${y:regex}"}, [[z]])`)).toEqual(['job', 'y', 'z'])
  })
})

describe('the step of a query', () => {
  test.each([
    ['a minute of 1000 points is asked for by the scrape, not finer', minute, 1000, 15_000],
    ['an hour of 800 points', hour, 800, 15_000],
    ['six hours of 800 points are rounded to Grafana’s steps', 6 * hour, 800, 30_000],
    ['a day of 800 points', 24 * hour, 800, 2 * minute],
    ['thirty days of 1000 points', 720 * hour, 1000, 30 * minute],
  ])('%s', (_words, length, points, step) => {
    expect(stepOf({ range: { from: now - length, to: now }, points, least: 15_000 })).toBe(step)
  })

  test('never makes more points than Prometheus answers with', () => {
    const range = { from: 0, to: 720 * hour }
    const step = stepOf({ range, points: 1_000_000, least: 1000 })
    expect((range.to - range.from) / step).toBeLessThanOrEqual(11_000)
    expect(step).toBe(roundStep((720 * hour) / 11_000))
  })

  test('a rate always spans two scrapes: four of them, or the step and one', () => {
    expect(rateInterval(15_000, 15_000)).toBe(60_000)
    expect(rateInterval(120_000, 15_000)).toBe(135_000)
  })

  test('moments are multiples of the step', () => {
    expect(align({ from: 31_000, to: 61_000 }, 15_000)).toEqual({ from: 30_000, to: 60_000 })
  })
})

describe('times', () => {
  test.each([
    ['now', now],
    ['now-5m', now - 5 * minute],
    ['now-1d', now - 24 * hour],
    [String(now), now],
    ['2026-01-31T12:00:00Z', now - 30 * minute],
  ])('%s is read', (text, moment) => {
    expect(parseMoment(text, now)).toBe(moment)
  })

  test('a day begins and ends where the reader’s clock says', () => {
    const [start, end] = [parseMoment('now/d', now) ?? 0, parseMoment('now/d', now, true) ?? 0]
    expect([new Date(start).getHours(), new Date(start).getMinutes()]).toEqual([0, 0])
    expect(new Date(end).getHours()).toBe(23)
    expect(parseMoment('2026-01-31', now)).toBe(new Date(2026, 0, 31).getTime())
  })

  test.each([
    ['now-1M', '2026-03-31T09:00', '2026-02-28T09:00'],
    ['now-1M/M', '2026-03-31T09:00', '2026-02-01T00:00'],
    ['now+1M', '2026-01-31T09:00', '2026-02-28T09:00'],
    ['now-2M', '2026-01-31T09:00', '2025-11-30T09:00'],
    ['now-1M', '2026-02-28T09:00', '2026-01-28T09:00'],
    ['now-1y', '2028-02-29T09:00', '2027-02-28T09:00'],
    ['now-4y', '2028-02-29T09:00', '2024-02-29T09:00'],
  ])('%s on %s is %s: the last day of a month that lacks the day', (text, today, then) => {
    expect(parseMoment(text, Date.parse(today))).toBe(Date.parse(then))
  })

  test('the month before ends where it ends, on the last day of a longer one', () => {
    const last = new Date(2026, 2, 31, 9).getTime()
    expect(parseMoment('now-1M/M', last, true)).toBe(new Date(2026, 2, 1).getTime() - 1)
  })

  test.each(['', 'then', 'now-', 'now-5x', '31.01.2026', 'now-5m; drop'])('"%s" is no moment', (text) => {
    expect(parseMoment(text, now)).toBeUndefined()
  })

  test('what cannot be read or ends before it begins shows the last six hours', () => {
    const usual = { from: now - 6 * hour, to: now }
    expect(resolveRange({ from: 'nonsense', to: 'now' }, now)).toEqual(usual)
    expect(resolveRange({ from: 'now', to: 'now-1h' }, now)).toEqual(usual)
    expect(isRange({ from: 'now', to: 'now-1h' }, now)).toBe(false)
    expect(isRange({ from: 'now-1h', to: 'now' }, now)).toBe(true)
  })

  test('the period of a panel itself holds where the chosen one is told from now', () => {
    const month = { from: new Date(2026, 0, 1).getTime(), to: now }
    expect(ownRange('now/M', { from: 'now-24h', to: 'now' }, now)).toEqual(month)
    expect(ownRange('now/M', { from: '1769000000000', to: 'now' }, now)).toEqual(month)
    expect(ownRange('6h', { from: 'now-24h', to: 'now' }, now)).toEqual({ from: now - 6 * hour, to: now })
    expect(ownRange('now/M', { from: '1769000000000', to: '1769100000000' }, now)).toBeUndefined()
    // The month in which the clocks change is an hour shorter or longer in some places: the calendar decides.
    const april = new Date(2026, 3, 1).getTime()
    expect(ownRange('now/M', { from: 'now-24h', to: 'now' }, april + hour)).toEqual({ from: april, to: april + hour })
  })

  test('a panel asks about its own period, by its own macros', () => {
    const range = { from: now - 24 * hour, to: now }
    const chosen = { range: { from: 'now-24h', to: 'now' }, refresh: '', variables: {} }
    const lookup = lookupIn({ one: { values: ['main'] } }, rangeMacros(range))
    const scene: Scene = JSON.parse('{}')
    const asked = (timeFrom?: string) => {
      const own = sceneFor(
        { type: 'stat', ...(timeFrom && { timeFrom }) },
        { ...scene, state: chosen, range, lookup },
        now,
      )
      return interpolate('increase(x{a="$one"}[$__range])', own.lookup, forPromql)
    }
    expect(asked()).toBe('increase(x{a="main"}[86400s])')
    expect(asked('6h')).toBe('increase(x{a="main"}[21600s])')
  })

  test('durations are read and written as Prometheus does', () => {
    expect(['15s', '1h30m', '250ms', '2d', 'x', ''].map(parseDuration)).toEqual([
      15_000,
      5_400_000,
      250,
      172_800_000,
      undefined,
      undefined,
    ])
    expect([15_000, 60_000, 90_000, 250, 86_400_000].map(formatDuration)).toEqual(['15s', '1m', '90s', '250ms', '1d'])
  })

  test('a range is named as people say it', () => {
    expect(describeRange({ from: 'now-6h', to: 'now' })).toBe('Last 6 hours')
    expect(describeRange({ from: 'now-45m', to: 'now' })).toBe('Last 45m')
    expect(describeRange({ from: 'now-2h', to: 'now-1h' })).toBe('now-2h to now-1h')
  })

  test('zooming out doubles the time and does not look into the future', () => {
    expect(zoomOut({ from: now - hour, to: now }, now)).toEqual({ from: String(now - 2 * hour), to: String(now) })
    expect(zoomOut({ from: now - 9 * hour, to: now - 8 * hour }, now)).toEqual({
      from: String(now - 9.5 * hour),
      to: String(now - 7.5 * hour),
    })
  })
})

test('shifting the time goes on by half of it, and no further than now', () => {
  const range = { from: now - 9 * hour, to: now - 8 * hour }
  expect(shiftRange(range, -1, now)).toEqual({ from: String(now - 9.5 * hour), to: String(now - 8.5 * hour) })
  expect(shiftRange(range, 1, now)).toEqual({ from: String(now - 8.5 * hour), to: String(now - 7.5 * hour) })
  const recent = { from: now - hour - minute, to: now - minute }
  expect(shiftRange(recent, 1, now)).toEqual({ from: String(now - hour), to: String(now) })
})

describe('the address of a page', () => {
  const search = 'from=now-1h&to=now&refresh=30s&var-route=%2Fa&var-route=%2Fb&var-api=%24__all'

  test('is read and written as Grafana does', () => {
    const state = parseState(`?${search}`, {
      templating: {
        list: [
          { type: 'query', name: 'route' },
          { type: 'query', name: 'api' },
        ],
      },
    })
    expect(state).toEqual({
      range: { from: 'now-1h', to: 'now' },
      refresh: '30s',
      variables: { route: ['/a', '/b'], api: ['$__all'] },
    })
    expect(formatState(state)).toBe(search)
    expect(formatState(state, { variables: false })).toBe('from=now-1h&to=now&refresh=30s')
    expect(formatState(state, { time: false })).toBe('var-route=%2Fa&var-route=%2Fb&var-api=%24__all')
  })

  test('leaves to the dashboard what it does not say; an empty refresh is an answer', () => {
    const defaults = { time: { from: 'now-2d', to: 'now-1d' }, refresh: '1m' }
    expect(parseState('', defaults)).toMatchObject({ range: defaults.time, refresh: '1m' })
    expect(parseState('?refresh=', defaults).refresh).toBe('')
    expect(parseState('', {}).range).toEqual({ from: 'now-6h', to: 'now' })
    expect(parseState('?viewPanel=panel-7&theme=light', {})).toMatchObject({ panel: 7, theme: 'light' })
    expect(parseState('?viewPanel=x&theme=pink', {})).not.toHaveProperty('panel')
  })

  test('gives a dashboard the choices that it defines, and no others', () => {
    const templating = { list: [{ type: 'query', name: 'api', hide: 2 }] }
    expect(parseState(`?${search}`, { templating }).variables).toEqual({ api: ['$__all'] })
    expect(parseState(`?${search}`, {}).variables).toEqual({})
    expect(parseState('?var-constructor=x', { templating }).variables).toEqual({})
  })

  test('says which annotations are marked, of those that the dashboard defines', () => {
    const annotations = { list: [{ name: 'Deployment' }, { name: 'Backup' }] }
    const state = parseState('?mark-Deployment=off&mark-Backup=on&mark-other=off', { annotations })
    expect(state.marks).toEqual({ Deployment: false, Backup: true })
    expect(formatState(state)).toContain('mark-Deployment=off&mark-Backup=on')
    expect(parseState('', { annotations })).not.toHaveProperty('marks')
  })

  test('names the dashboard, with or without words for people behind it', () => {
    expect([uidOf('/d/abc'), uidOf('/d/a%20b/some-words'), uidOf('/')]).toEqual(['abc', 'a b', undefined])
  })

  test('takes more behind what it has', () => {
    expect(withQuery('/d/a', 'x=1')).toBe('/d/a?x=1')
    expect(withQuery('/d/a?y=2#z', 'x=1')).toBe('/d/a?y=2&x=1#z')
    expect(withQuery('/d/a', '')).toBe('/d/a')
  })
})

describe('what Prometheus answers', () => {
  const range = { from: 0, to: 60_000 }
  const metric = { __name__: 'up', job: 'api', instance: 'x' }

  test('names are made from labels, and without a pattern as Prometheus writes them', () => {
    expect(legend('{{job}} at {{ instance }}{{missing}}', metric, 'up')).toBe('api at x')
    expect(legend('', metric, 'up')).toBe('up{job="api", instance="x"}')
    expect(legend('__auto', {}, 'sum(up)')).toBe('sum(up)')
    expect(seriesName({ __name__: 'up' })).toBe('up')
  })

  test('a moment without a value is a gap', () => {
    const [series] = toSeries(
      {
        resultType: 'matrix',
        result: [
          {
            metric,
            values: [
              [0, '1'],
              [30, '2'],
              [60, 'NaN'],
            ],
          },
        ],
      },
      { target: { refId: 'A', legendFormat: 'x' }, expr: 'up', range, step: 15_000 },
    )
    expect(series).toMatchObject({ times: [0, 15_000, 30_000, 45_000, 60_000], values: [1, null, 2, null, Number.NaN] })
  })

  test('one value, a number alone and nothing at all are series too', () => {
    const asked = { target: { refId: 'A' }, expr: '1', range, step: 15_000 }
    expect(toSeries({ resultType: 'vector', result: [{ metric, value: [5, '+Inf'] }] }, asked)).toMatchObject([
      { times: [5000], values: [Number.POSITIVE_INFINITY] },
    ])
    expect(toSeries({ resultType: 'scalar', result: [5, '7'] }, asked)).toMatchObject([{ name: '1', values: [7] }])
    expect(toSeries({ resultType: 'matrix', result: [] }, asked)).toEqual([])
  })

  test('a table has a column per label, empty where a series lacks it', () => {
    const rows = toRows(
      {
        resultType: 'vector',
        result: [
          { metric: { job: 'a', code: '1' }, value: [5, '10'] },
          { metric: { job: 'b' }, value: [5, '20'] },
        ],
      },
      'A',
      'Value #A',
    )
    expect(rows.columns).toEqual([
      { name: 'Time', values: [5000, 5000] },
      { name: 'code', values: ['1', null] },
      { name: 'job', values: ['a', 'b'] },
      { name: 'Value #A', values: [10, 20] },
    ])
  })

  test('numbers that JSON does not know are read', () => {
    expect(['1.5', '+Inf', '-Inf', 'NaN'].map(toNumber)).toEqual([1.5, Infinity, -Infinity, Number.NaN])
  })
})

describe('the choices of a variable', () => {
  const options = ['a', 'b'].map((value) => ({ value, text: value }))
  const many = { type: 'query', name: 'x', multi: true, includeAll: true }

  test('stay while they are there, and fall back to all, or to the first', () => {
    expect(settle(many, ['b'], options)).toEqual(['b'])
    expect(settle(many, ['b', 'gone'], options)).toEqual(['b'])
    expect(settle(many, ['gone'], options)).toEqual([all])
    expect(settle({ type: 'query', name: 'x' }, ['gone'], options)).toEqual(['a'])
    expect(settle({ type: 'query', name: 'x' }, [all], options)).toEqual(['a'])
  })

  test('stay where nothing can be chosen at the moment', () => {
    expect(settle({ type: 'query', name: 'x' }, ['main'], [])).toEqual(['main'])
  })

  test('all of them are the variable’s own expression, else every value', () => {
    expect(meaningOf({ json: { ...many, allValue: '.*' }, options, selected: [all] })).toMatchObject({
      values: ['.*'],
      chosen: [all],
      raw: true,
    })
    expect(meaningOf({ json: many, options, selected: [all] })).toMatchObject({ values: ['a', 'b'], text: 'All' })
    expect(meaningOf({ json: many, options: [], selected: [] })).toMatchObject({ values: [''], chosen: [] })
  })

  test('stand in the order that the dashboard asks for', () => {
    expect(sorted(['b', 'a10', 'a9'], 0)).toEqual(['b', 'a10', 'a9'])
    expect(sorted(['b', 'a10', 'a9'], 1)).toEqual(['a9', 'a10', 'b'])
    expect(sorted(['b', 'a10', 'a9'], 2)).toEqual(['b', 'a10', 'a9'])
  })
})

describe('the layout', () => {
  const panel = (id: number, y: number, x = 0, w = 12) => ({ id, type: 'stat', gridPos: { x, y, w, h: 4 } })
  const row = (id: number, y: number, panels: readonly object[] = []) => ({
    id,
    type: 'row',
    title: `row ${id}`,
    collapsed: panels.length > 0,
    gridPos: { x: 0, y, w: 24, h: 1 },
    panels: panels as ReturnType<typeof panel>[],
  })
  const places = (placed: ReturnType<typeof layOut>) => placed.map(({ panel: { id }, place: { x, y } }) => [id, x, y])

  test('leaves panels where they are', () => {
    expect(places(layOut([panel(1, 0), panel(2, 0, 12), row(3, 4), panel(4, 5)], new Set()))).toEqual([
      [1, 0, 0],
      [2, 12, 0],
      [3, 0, 4],
      [4, 0, 5],
    ])
  })

  test('a row that opens pushes down what is below, and one that closes pulls it up', () => {
    const panels = [row(1, 0, [panel(2, 1)]), row(3, 1), panel(4, 2)]
    const closed = closedRows(panels)
    expect(places(layOut(panels, closed))).toEqual([
      [1, 0, 0],
      [3, 0, 1],
      [4, 0, 2],
    ])
    expect(places(layOut(panels, new Set()))).toEqual([
      [1, 0, 0],
      [2, 0, 1],
      [3, 0, 5],
      [4, 0, 6],
    ])
  })

  test('keeps a panel within the 24 columns', () => {
    expect(layOut([panel(1, 0, 20, 12)], new Set())[0]?.place).toMatchObject({ x: 20, w: 4 })
  })
})

describe('the queue', () => {
  test('runs so many at a time, in their order, and never begins what is not wanted any more', async () => {
    const slot = queue(2)
    const begun: number[] = []
    const gates = Array.from({ length: 4 }, () => gate())
    const unwanted = new AbortController()
    const runs = gates.map(({ promise }, place) =>
      slot(
        () => {
          begun.push(place)
          return promise
        },
        place === 2 ? unwanted.signal : new AbortController().signal,
      ),
    )
    const given = Promise.allSettled(runs)
    await Promise.resolve()
    expect(begun).toEqual([0, 1])
    unwanted.abort(new Error('superseded'))
    for (const { resolve } of gates) resolve()
    expect((await given).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
    expect(begun).toEqual([0, 1, 3])
    // It took no place with it: two can still run at a time.
    const { signal } = new AbortController()
    const [met, other] = [gate(), gate()]
    const meet = (mine: typeof met, theirs: typeof met) => async () => {
      mine.resolve()
      await theirs.promise
    }
    await Promise.all([slot(meet(met, other), signal), slot(meet(other, met), signal)])
  })

  test('goes on after one that fails', async () => {
    const slot = queue(1)
    const { signal } = new AbortController()
    await expect(slot(() => Promise.reject(new Error('no')), signal)).rejects.toThrow('no')
    await expect(slot(async () => 'yes', signal)).resolves.toBe('yes')
  })
})

const gate = () => {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve: () => resolve() }
}
