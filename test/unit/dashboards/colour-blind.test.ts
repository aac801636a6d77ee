import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { colours, grounds, seriesColours } from '../../../dashboards/colour.ts'
import { models } from '../../../dashboards/index.ts'

// Its ES modules cannot be imported by Node.
const { createTheme } = createRequire(import.meta.url)('@grafana/data')

type Three = readonly [number, number, number]
type Matrix = readonly [Three, Three, Three]

/** What is left of linear red, green and blue for whom a kind of cone is missing: Machado, Oliveira and Fernandes 2009, severity 1.0. */
const eyes: Readonly<Record<string, Matrix>> = {
  usual: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
}
/** sRGB, IEC 61966-2-1. */
const toXyz: Matrix = [
  [0.4124, 0.3576, 0.1805],
  [0.2126, 0.7152, 0.0722],
  [0.0193, 0.1192, 0.9505],
]
const white: Three = [0.9505, 1, 1.089]

const times = (matrix: Matrix, of: Three): Three => {
  const [a, b, c] = matrix.map((line) => line.reduce((sum, factor, place) => sum + factor * (of[place] ?? 0), 0))
  return [a ?? 0, b ?? 0, c ?? 0]
}
const each = (of: Three, change: (value: number, place: number) => number): Three => [
  change(of[0], 0),
  change(of[1], 1),
  change(of[2], 2),
]
const bytes = (hex: string): Three => {
  const byte = (place: number) => Number.parseInt(hex.slice(place, place + 2), 16)
  return [byte(1), byte(3), byte(5)]
}
const linear = (hex: string): Three =>
  each(bytes(hex), (byte) => {
    const value = byte / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
/** CIE L*a*b* 1976. */
const lab = (rgb: Three): Three => {
  const [x, y, z] = each(times(toXyz, rgb), (value, place) => {
    const share = value / (white[place] ?? 1)
    return share > 0.008856 ? Math.cbrt(share) : 7.787 * share + 16 / 116
  })
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}
const apart = (a: string, b: string, eye: Matrix) => {
  const [one, other] = [a, b].map((hex) =>
    lab(each(times(eye, linear(hex)), (value) => Math.min(Math.max(value, 0), 1))),
  )
  return Math.hypot(...(one ?? []).map((value, place) => value - (other?.[place] ?? 0)))
}

const luminance = (hex: string) => times(toXyz, linear(hex))[1]
/** As WCAG 2 has it. */
const contrast = (a: string, b: string) => {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((one, other) => one - other)
  return (high + 0.05) / (low + 0.05)
}

const { muted: _, ...meanings } = colours
const { muted: __, ...painted } = grounds
const modes = ['dark', 'light'] as const
/** As Grafana shows them on such a page. */
const shownOn = (mode: (typeof modes)[number], names: Readonly<Record<string, string>>) => {
  const { visualization } = createTheme({ colors: { mode } })
  return Object.entries(names).map(([name, colour]): [string, string] => [name, visualization.getColorByName(colour)])
}

describe.each(Object.entries(eyes))('for an eye with %s', (_name, eye) => {
  test.each(
    modes.flatMap((mode) => [
      { mode, what: 'lines', names: meanings },
      { mode, what: 'grounds', names: painted },
    ]),
  )('$what that mean something differ, on a $mode page', ({ mode, names }) => {
    const shown = shownOn(mode, names)
    const pairs = shown.flatMap(([a, one], place) =>
      shown.slice(place + 1).map(([b, other]) => ({ pair: `${a} ${b}`, apart: apart(one, other, eye) })),
    )
    expect(pairs.filter((one) => one.apart < (one.pair === 'good bad' ? 30 : 15))).toEqual([])
  })

  test('colours that only tell series apart differ', () => {
    const pairs = seriesColours.flatMap((a, place) => seriesColours.slice(place + 1).map((b) => apart(a, b, eye)))
    expect(Math.min(...pairs)).toBeGreaterThan(15)
  })
})

describe.each(modes)('on a %s page', (mode) => {
  const { colors } = createTheme({ colors: { mode } })

  test('lines and large letters are seen', () => {
    const least = ([name]: [string, string]) => (name === 'notice' ? 2 : 3)
    const faint = shownOn(mode, meanings).filter((one) => contrast(one[1], colors.background.primary) < least(one))
    expect(faint).toEqual([])
    expect(seriesColours.filter((colour) => contrast(colour, colors.background.primary) < 2)).toEqual([])
  })

  test('small letters are read on every ground', () => {
    // Grafana lays bright letters on what is darker than that, and dark ones on the rest.
    const lettersOn = (hex: string) => {
      const [red, green, blue] = bytes(hex)
      return 0.299 * red + 0.587 * green + 0.114 * blue > 180 ? '#202226' : '#f7f8fa'
    }
    const faint = shownOn(mode, painted).filter(([, ground]) => contrast(ground, lettersOn(ground)) < 4.5)
    expect(faint).toEqual([])
  })
})

describe('letters', () => {
  const panels = models
    .flatMap(({ json }) => json.panels ?? [])
    .map((panel) => ({ panel, text: JSON.stringify(panel) }))

  test('in cells have no colour but stand on one', () => {
    const cells = panels.filter(({ panel, text }) => panel.type === 'table' && text.includes('custom.cellOptions'))
    expect(cells.length).toBeGreaterThan(5)
    expect(cells.filter(({ text }) => text.includes('color-text'))).toEqual([])
  })

  test('of a value have no colour that is hard to read on a light page', () => {
    const values = panels.filter(({ panel, text }) => panel.type === 'stat' && text.includes('"colorMode":"value"'))
    expect(values.length).toBeGreaterThan(5)
    expect(values.filter(({ text }) => text.includes(colours.notice))).toEqual([])
  })
})

const filledShape = z.object({
  title: z.string(),
  fieldConfig: z.object({
    defaults: z.object({ custom: z.object({ fillOpacity: z.number() }) }),
    overrides: z.array(z.object({ properties: z.array(z.object({ id: z.string(), value: z.unknown() })) })),
  }),
})

test('an area under what is bad is fuller than under what is good', () => {
  const charts = models
    .flatMap(({ json }) => json.panels ?? [])
    .filter(({ type }) => type === 'timeseries')
    .map((panel) => filledShape.parse(panel))
    .map(({ title, fieldConfig: { defaults, overrides } }) => {
      const fills = (colour: string) =>
        overrides
          .map(({ properties }) => Object.fromEntries(properties.map(({ id, value }) => [id, value])))
          .filter(({ color }) => JSON.stringify(color)?.includes(colour))
          .map((drawn) => Number(drawn['custom.fillOpacity'] ?? defaults.custom.fillOpacity))
      // A limit has no area.
      return { title, good: fills(colours.good), bad: fills(colours.bad).filter((share) => share > 0) }
    })
    .filter(({ good, bad }) => good.length > 0 && bad.length > 0)
  expect(charts.length).toBeGreaterThan(5)
  expect(charts.filter(({ good, bad }) => Math.min(...bad) < 2 * Math.max(...good))).toEqual([])
})
