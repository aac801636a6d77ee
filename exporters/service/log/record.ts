import type { Redaction } from './redaction.ts'
import type { Plain, PlainObject } from './redaction-walk.ts'
import { isError } from './values.ts'

/** Where a line was logged: the ids of the trace and the span. */
export type TraceOf = () => { readonly traceId: string; readonly spanId: string } | undefined

/** Under these winston keeps what belongs to a line and is not shown. */
export const levelOf = Symbol.for('level')
export const lineOf = Symbol.for('message')
const furtherArguments = Symbol.for('splat')
/** What was given beside a message, as it is: winston itself would copy it, and fail where a getter does. */
export const given = Symbol('given')

/** What winston passes from format to format. */
export type Info = Readonly<Record<string | symbol, unknown>>

/** These are the line's own: what is given under one of them is shown beside it. */
const own = new Set(['timestamp', 'level', 'message'])

const fieldsOf = (value: Plain): PlainObject => {
  if (value === undefined || value === null) return {}
  if (typeof value !== 'object' || isList(value)) return { meta: value }
  const entries = Object.entries(value)
  if (!entries.some(([key]) => own.has(key))) return value
  return Object.fromEntries(entries.map(([key, one]) => [own.has(key) ? `meta_${key}` : key, one]))
}

const isList = (value: readonly Plain[] | PlainObject): value is readonly Plain[] => Array.isArray(value)

/** An error by its name, message, stack, code, causes; its stack also where the handbook's format has it. */
const errorFields = (error: PlainObject): PlainObject =>
  error.stack === undefined ? { error } : { error, stack: error.stack }

const metaFields = (meta: unknown, redact: Redaction): PlainObject => {
  const value = redact.value(meta)
  return isError(meta) && typeof value === 'object' && value !== null && !isList(value)
    ? errorFields(value)
    : fieldsOf(value)
}

/** What was logged by winston's own methods: it has put the properties of an object beside the message. */
const besides = (info: Info, redact: Redaction): PlainObject => {
  const [first] = Array.isArray(info[furtherArguments]) ? info[furtherArguments] : []
  if (isError(info)) return metaFields(info, redact)
  const { level: _level, message: _message, timestamp: _timestamp, ...rest } = info
  return { ...fieldsOf(redact.value(rest)), ...(isError(first) && metaFields(first, redact)) }
}

const messageOf = (message: unknown, redact: Redaction): string => {
  if (typeof message === 'string') return redact.text(message)
  if (isError(message)) return redact.text(String(message.message))
  const value = redact.value(message)
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

interface RecordOptions {
  readonly redact: Redaction
  readonly traceOf: TraceOf
}

/** The fields of a line, ready to be printed: no secret is in it, and nothing that JSON does not know. */
export const recordOf = (info: Info, { redact, traceOf }: RecordOptions): PlainObject => {
  const { level, message, service } = info
  const trace = traceOf()
  return {
    timestamp: undefined,
    level: String(level),
    message: messageOf(message, redact),
    ...(service !== undefined && { service: redact.value(service) }),
    ...(trace && { trace_id: trace.traceId, span_id: trace.spanId }),
    ...(isError(message) && metaFields(message, redact)),
    ...(given in info ? metaFields(info[given], redact) : besides(info, redact)),
  }
}
