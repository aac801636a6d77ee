import {
  applyFieldOverrides,
  type DataFrame,
  FieldConfigOptionsRegistry,
  type FieldConfigPropertyItem,
  type FieldConfigSource,
  FieldType,
  type GrafanaTheme2,
  standardTransformers,
  standardTransformersRegistry,
  transformDataFrame,
} from './grafana.ts'
import type { PanelJson } from './model.ts'
import type { Rows, Series } from './results.ts'

// Grafana's own list is part of its application; the transformations themselves are in the library, some under two names.
const transformers = new Map(Object.values(standardTransformers).map((info) => [info.id, info] as const))
standardTransformersRegistry.setInit(() =>
  [...transformers.values()].map((info) => ({
    id: info.id,
    name: info.name,
    transformation: () => Promise.resolve(info),
    editor: () => null,
    imageDark: '',
    imageLight: '',
  })),
)

const fromSeries = ({ refId, name, labels, times, values, step }: Series): DataFrame => ({
  refId,
  name,
  length: times.length,
  fields: [
    { name: 'Time', type: FieldType.time, config: { interval: step }, values: [...times] },
    {
      name: 'Value',
      type: FieldType.number,
      labels: { ...labels },
      config: { displayNameFromDS: name },
      values: [...values],
    },
  ],
})

const typeOf = (values: readonly unknown[], name: string) => {
  if (name === 'Time') return FieldType.time
  return values.some((value) => typeof value === 'number') ? FieldType.number : FieldType.string
}

const fromRows = ({ refId, columns }: Rows): DataFrame => ({
  refId,
  length: columns[0]?.values.length ?? 0,
  fields: columns.map(({ name, values }) => ({
    name,
    type: typeOf(values, name),
    config: {},
    values: [...values],
  })),
})

export const toFrame = (result: Series | Rows): DataFrame =>
  result.kind === 'series' ? fromSeries(result) : fromRows(result)

/** Each property that this panel names: which panels know which, is a matter of Grafana's application. */
const registryFor = ({ defaults, overrides }: FieldConfigSource) => {
  const custom = Object.keys(typeof defaults.custom === 'object' && defaults.custom ? defaults.custom : {})
  const ids = new Set([
    ...Object.keys(defaults).filter((id) => id !== 'custom'),
    ...custom.map((id) => `custom.${id}`),
    ...overrides.flatMap(({ properties }) => properties.map(({ id }) => id)),
  ])
  const item = (id: string): FieldConfigPropertyItem => ({
    id,
    path: id.replace(/^custom\./, ''),
    name: id,
    isCustom: id.startsWith('custom.'),
    process: (value) => value,
    shouldApply: () => true,
    override: () => null,
    editor: () => null,
  })
  return new FieldConfigOptionsRegistry(() => [...ids].map(item))
}

/** JSON knows no infinity: the first step of thresholds has no value there. */
const openEnded = (key: string, value: unknown) =>
  key === 'steps' && Array.isArray(value)
    ? value.map((step: { value?: number | null }) => ({ ...step, value: step.value ?? Number.NEGATIVE_INFINITY }))
    : value

/** What Grafana takes for granted where a panel says nothing. */
const grantedIn = ({ type }: PanelJson) => ({
  color: { mode: type === 'timeseries' ? 'palette-classic' : 'thresholds' },
  thresholds: { mode: 'absolute', steps: [{ value: null, color: 'green' }] },
})

export const fieldConfigOf = (panel: PanelJson): FieldConfigSource => {
  const { defaults = {}, overrides = [] } = panel.fieldConfig ?? {}
  const given = { defaults: { ...grantedIn(panel), ...defaults }, overrides }
  const whole: FieldConfigSource = JSON.parse(JSON.stringify(given), openEnded)
  return whole
}

interface Drawing {
  readonly panel: PanelJson
  readonly theme: GrafanaTheme2
  /** Puts variables and macros into a text that people read. */
  readonly words: (text: string) => string
}

/** Transformations first, then units, colours and names, as Grafana does it. */
export const dress = async (
  results: readonly (Series | Rows)[],
  { panel, theme, words }: Drawing,
): Promise<readonly DataFrame[]> => {
  const steps = (panel.transformations ?? []).filter(({ disabled }) => !disabled)
  const transformed = await new Promise<DataFrame[]>((resolve, reject) => {
    transformDataFrame(
      steps.map(({ id, options = {} }) => ({ id, options })),
      results.map(toFrame),
      { interpolate: words },
    ).subscribe({ next: resolve, error: reject })
  })
  const fieldConfig = fieldConfigOf(panel)
  return applyFieldOverrides({
    data: transformed,
    fieldConfig,
    fieldConfigRegistry: registryFor(fieldConfig),
    replaceVariables: (text) => words(text),
    theme,
    timeZone: 'browser',
  })
}

export const unknownTransformations = ({ transformations = [] }: PanelJson): readonly string[] =>
  transformations.map(({ id }) => id).filter((id) => !standardTransformersRegistry.getIfExists(id))
