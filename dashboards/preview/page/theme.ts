import { colorManipulator, createTheme, type GrafanaTheme2 } from './grafana.ts'

/** Grafana's theme, and what of it the page is painted with. */
export interface Theme {
  readonly grafana: GrafanaTheme2
  readonly dark: boolean
  readonly text: string
  readonly panel: string
  readonly grid: string
}

export const themeOf = (mode: 'light' | 'dark'): Theme => {
  const grafana = createTheme({ colors: { mode } })
  const dark = mode === 'dark'
  return {
    grafana,
    dark,
    text: grafana.colors.text?.primary ?? (dark ? '#ccccdc' : '#24292e'),
    panel: grafana.colors.background?.primary ?? (dark ? '#181b1f' : '#ffffff'),
    grid: dark ? 'rgba(240, 250, 255, 0.09)' : 'rgba(0, 10, 23, 0.09)',
  }
}

/** Letters on a ground of that colour: as Grafana has it, dark ones on what is bright only. One that is clear is the page's. */
export const lettersOn = (colour: string, { dark }: Pick<Theme, 'dark'>): string => {
  const [red = 0, green = 0, blue = 0, alpha = 1] = colorManipulator.decomposeColor(colour).values
  const bright = alpha < 0.3 ? !dark : 0.299 * red + 0.587 * green + 0.114 * blue > 180
  return bright ? 'rgb(32, 34, 38)' : 'rgb(247, 248, 250)'
}
