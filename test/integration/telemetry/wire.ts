/** One field of a message of Protocol Buffers, as it stands on the wire. */
type Field = readonly [number: number, value: number | bigint | Buffer]

const varint = (bytes: Buffer, start: number) => {
  let value = 0n
  for (let at = start; ; at += 1) {
    const byte = bytes[at] ?? 0
    value |= BigInt(byte & 0x7f) << BigInt(7 * (at - start))
    if (byte < 0x80) return { value, next: at + 1 }
  }
}

const fieldsOf = (bytes: Buffer): readonly Field[] => {
  const fields: Field[] = []
  for (let at = 0; at < bytes.length; ) {
    const key = varint(bytes, at)
    const number = Number(key.value >> 3n)
    const kind = Number(key.value & 7n)
    if (kind === 0) {
      const { value, next } = varint(bytes, key.next)
      fields.push([number, value])
      at = next
    } else if (kind === 1 || kind === 5) {
      const width = kind === 1 ? 8 : 4
      fields.push([number, kind === 1 ? bytes.readBigUInt64LE(key.next) : bytes.readUInt32LE(key.next)])
      at = key.next + width
    } else {
      const { value: length, next } = varint(bytes, key.next)
      at = next + Number(length)
      fields.push([number, bytes.subarray(next, at)])
    }
  }
  return fields
}

const all = (bytes: Buffer, wanted: number) =>
  fieldsOf(bytes).flatMap(([number, value]) => (number === wanted && Buffer.isBuffer(value) ? [value] : []))
const first = (bytes: Buffer, wanted: number) => all(bytes, wanted)[0] ?? Buffer.alloc(0)
const text = (bytes: Buffer, wanted: number) => first(bytes, wanted).toString()
const number = (bytes: Buffer, wanted: number) => Number(fieldsOf(bytes).find(([at]) => at === wanted)?.[1] ?? 0)

/** Text where it is text, else the digits. */
const wordsOf = (bytes: Buffer) => fieldsOf(bytes).map(([, value]) => String(value))[0] ?? ''
const attributesOf = (bytes: Buffer, wanted: number) =>
  Object.fromEntries(all(bytes, wanted).map((pair) => [text(pair, 1), wordsOf(first(pair, 2))]))

export interface Span {
  readonly service: string
  readonly scope: string
  readonly traceId: string
  readonly spanId: string
  readonly parent: string
  readonly name: string
  /** 1 is internal, 2 of a server, 3 of a client. */
  readonly kind: number
  readonly attributes: Readonly<Record<string, string>>
  readonly events: readonly Readonly<Record<string, string>>[]
  readonly message: string
}

/** Spans as an `ExportTraceServiceRequest` of OTLP holds them. */
export const spansIn = (request: Buffer): readonly Span[] =>
  all(request, 1).flatMap((resource) =>
    all(resource, 2).flatMap((scope) =>
      all(scope, 2).map((span) => ({
        service: attributesOf(first(resource, 1), 1)['service.name'] ?? '',
        scope: text(first(scope, 1), 1),
        traceId: first(span, 1).toString('hex'),
        spanId: first(span, 2).toString('hex'),
        parent: first(span, 4).toString('hex'),
        name: text(span, 5),
        kind: number(span, 6),
        attributes: attributesOf(span, 9),
        events: all(span, 11).map((event) => attributesOf(event, 3)),
        message: text(first(span, 15), 2),
      })),
    ),
  )
