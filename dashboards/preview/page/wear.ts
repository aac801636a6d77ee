import type { Theme } from './theme.ts'

/** The names that page.css paints with. */
export const wear = ({ grafana: { colors, shadows }, dark, text, panel }: Theme, root: HTMLElement): void => {
  const names: Readonly<Record<string, string | undefined>> = {
    canvas: colors.background?.canvas,
    panel,
    elevated: colors.background?.elevated,
    text,
    muted: colors.text?.secondary,
    strong: colors.text?.maxContrast,
    link: colors.text?.link,
    'border-weak': colors.border?.weak,
    'border-medium': colors.border?.medium,
    'border-strong': colors.border?.strong,
    hover: colors.action?.hover,
    selected: colors.action?.selected,
    primary: colors.primary?.main,
    'primary-text': colors.primary?.text,
    error: colors.error?.main,
    'error-text': colors.error?.text,
    'error-border': colors.error?.border,
    'warning-text': colors.warning?.text,
    field: dark ? colors.background?.canvas : panel,
    shadow: shadows?.z3,
  }
  for (const [name, value] of Object.entries(names)) if (value) root.style.setProperty(`--${name}`, value)
  root.style.colorScheme = dark ? 'dark' : 'light'
}
