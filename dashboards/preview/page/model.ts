/** What the preview reads of a classic dashboard; everything else in the JSON is left alone. */
export interface DashboardJson {
  readonly uid: string
  readonly title: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly time?: { readonly from: string; readonly to: string }
  readonly refresh?: string | false
  /** 0: each panel for itself, 1: one crosshair for all, 2: with tooltips. */
  readonly graphTooltip?: number
  readonly links?: readonly DashboardLink[]
  readonly templating?: { readonly list?: readonly VariableJson[] }
  readonly annotations?: { readonly list?: readonly AnnotationJson[] }
  readonly panels?: readonly PanelJson[]
}

export interface DashboardLink {
  readonly type?: string
  readonly title?: string
  readonly url?: string
  readonly tags?: readonly string[]
  readonly keepTime?: boolean
  readonly includeVars?: boolean
  readonly targetBlank?: boolean
  readonly tooltip?: string
}

/** A question whose answer is marked on every chart. */
export interface AnnotationJson {
  readonly name: string
  /** Whether it is marked until somebody says otherwise. */
  readonly enable?: boolean
  /** Leaves the switch out of the head. */
  readonly hide?: boolean
  /** 1 is Grafana's own, which marks what people wrote there. */
  readonly builtIn?: number
  readonly iconColor?: string
  readonly expr?: string
  readonly step?: string
  /** Values are the moments, in milliseconds. */
  readonly useValueForTime?: boolean
  readonly titleFormat?: string
  readonly textFormat?: string
  readonly tagKeys?: string
}

export interface VariableJson {
  readonly type: string
  readonly name: string
  readonly label?: string
  readonly description?: string
  /** 2 hides it altogether, 1 its label. */
  readonly hide?: number
  readonly query?: string | { readonly query?: string }
  readonly regex?: string
  readonly sort?: number
  readonly multi?: boolean
  readonly includeAll?: boolean
  readonly allValue?: string
  readonly current?: { readonly value?: string | readonly string[] }
  readonly options?: readonly {
    readonly value?: string | readonly string[]
    readonly text?: string | readonly string[]
  }[]
}

export interface Target {
  readonly refId?: string
  readonly expr?: string
  readonly legendFormat?: string
  readonly instant?: boolean
  readonly range?: boolean
  readonly format?: string
  /** The least step. */
  readonly interval?: string
  readonly hide?: boolean
  /** Whether single requests are shown with it, by their traces. */
  readonly exemplar?: boolean
}

export interface GridPos {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

export interface PanelJson {
  readonly id?: number
  readonly type: string
  readonly title?: string
  readonly description?: string
  readonly transparent?: boolean
  readonly gridPos?: GridPos
  readonly collapsed?: boolean
  readonly panels?: readonly PanelJson[]
  readonly targets?: readonly Target[]
  readonly maxDataPoints?: number
  readonly interval?: string
  readonly timeFrom?: string
  readonly fieldConfig?: FieldConfigJson
  readonly options?: Readonly<Record<string, unknown>>
  readonly transformations?: readonly { readonly id: string; readonly options?: unknown; readonly disabled?: boolean }[]
  readonly links?: readonly DashboardLink[]
}

export interface FieldConfigJson {
  readonly defaults?: Readonly<Record<string, unknown>>
  readonly overrides?: readonly {
    readonly matcher: { readonly id: string; readonly options?: unknown }
    readonly properties: readonly { readonly id: string; readonly value?: unknown }[]
  }[]
}

export interface Listed {
  readonly uid: string
  readonly title: string
  readonly description?: string
  readonly tags?: readonly string[]
}

/** What the server tells the page at its start. */
export interface Site {
  readonly dashboards: readonly Listed[]
  /** Where people reach Prometheus, without credentials. */
  readonly prometheus: string
  /** What it scrapes by, as its configuration writes it: `15s`. */
  readonly scrapeInterval: string
  /** Only where the source is watched: which edition of the dashboards this is. */
  readonly version?: string
}

/** What the server tells an open page of the source. */
export interface Change {
  readonly version: string
  /** Why there is no newer edition. */
  readonly fault?: string
}
