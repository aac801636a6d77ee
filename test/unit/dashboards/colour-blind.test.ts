import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { colours, seriesColours } from '../../../dashboards/colour.ts'

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
const linear = (hex: string): Three => {
  const byte = (place: number) => Number.parseInt(hex.slice(place, place + 2), 16) / 255
  return each([byte(1), byte(3), byte(5)], (value) =>
    value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4,
  )
}
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

const { muted: _, ...meanings } = colours

describe.each(Object.entries(eyes))('for an eye with %s', (_name, eye) => {
  test.each(['dark', 'light'] as const)('colours that mean something differ, on a %s page', (mode) => {
    const { visualization } = createTheme({ colors: { mode } })
    const shown = Object.entries(meanings).map(
      ([name, colour]) => [name, visualization.getColorByName(colour)] as const,
    )
    const pairs = shown.flatMap(([a, one], place) =>
      shown.slice(place + 1).map(([b, other]) => ({ pair: `${a} ${b}`, apart: apart(one, other, eye) })),
    )
    expect(pairs.filter((one) => one.apart < (one.pair === 'good bad' ? 20 : 15))).toEqual([])
  })

  test('colours that only tell series apart differ', () => {
    const pairs = seriesColours.flatMap((a, place) => seriesColours.slice(place + 1).map((b) => apart(a, b, eye)))
    expect(Math.min(...pairs)).toBeGreaterThan(15)
  })
})
