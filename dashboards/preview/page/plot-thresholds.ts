import type uPlot from 'uplot'
import { colorManipulator, type GrafanaTheme2 } from './grafana.ts'
import type { Line } from './plot-model.ts'

interface Limit {
  readonly value: number
  readonly colour: string
}

const limitsOf = ({ field: { config } }: Line, { min, max }: uPlot.Scale, theme: GrafanaTheme2): readonly Limit[] => {
  const { mode, steps = [] } = config.thresholds ?? {}
  const [low, high] = [config.min ?? min ?? 0, config.max ?? max ?? 1]
  const scaled = (value: number) => (String(mode) === 'percentage' ? low + ((high - low) * value) / 100 : value)
  return steps.map(({ value, color }) => ({
    value: Number.isFinite(value) ? scaled(value) : value,
    colour: theme.visualization.getColorByName(color),
  }))
}

const drawArea = (u: uPlot, scale: string, limits: readonly Limit[]) => {
  const { left, top, width, height } = u.bbox
  for (const [place, { value, colour }] of limits.entries()) {
    const bottom = Number.isFinite(value) ? u.valToPos(value, scale, true) : top + height
    const next = limits[place + 1]
    const end = next ? u.valToPos(next.value, scale, true) : top
    const [low, high] = [Math.min(bottom, top + height), Math.max(end, top)]
    if (low <= high) continue
    u.ctx.fillStyle = colorManipulator.alpha(colour, 0.12)
    u.ctx.fillRect(left, high, width, low - high)
  }
}

const drawLines = (u: uPlot, scale: string, limits: readonly Limit[], dashed: boolean) => {
  const { left, top, width, height } = u.bbox
  const { ctx } = u
  ctx.lineWidth = 2 * devicePixelRatio
  ctx.setLineDash(dashed ? [10 * devicePixelRatio, 10 * devicePixelRatio] : [])
  for (const { value, colour } of limits) {
    if (!Number.isFinite(value)) continue
    const y = Math.round(u.valToPos(value, scale, true))
    if (y < top || y > top + height) continue
    ctx.strokeStyle = colorManipulator.alpha(colour, 0.7)
    ctx.beginPath()
    ctx.moveTo(left, y)
    ctx.lineTo(left + width, y)
    ctx.stroke()
  }
}

/** Draws the limits of each scale, behind its lines; the first line that has some speaks for its scale. */
export const drawThresholds = (u: uPlot, lines: readonly Line[], theme: GrafanaTheme2): void => {
  const speaking = new Map(
    lines
      .filter(({ style }) => (style.thresholdsStyle.mode ?? 'off') !== 'off')
      .map((line) => [line.scale, line] as const),
  )
  u.ctx.save()
  for (const [key, line] of speaking) {
    const scale = u.scales[key]
    if (!scale) continue
    const mode = line.style.thresholdsStyle.mode ?? ''
    const limits = limitsOf(line, scale, theme)
    if (mode.includes('area')) drawArea(u, key, limits)
    if (mode.includes('line') || mode.includes('dashed')) drawLines(u, key, limits, mode.includes('dashed'))
  }
  u.ctx.restore()
}
