/** What Prometheus takes by remote write: protocol buffers in Snappy's frame, of which only literals are used. */

const varint = (given: number): number[] => {
  const bytes: number[] = []
  let left = given
  while (left > 127) {
    bytes.push((left % 128) + 128)
    left = Math.floor(left / 128)
  }
  bytes.push(left)
  return bytes
}

const field = (number: number, content: Uint8Array) =>
  Buffer.concat([Buffer.from([number * 8 + 2, ...varint(content.length)]), content])

const labelOf = ([name, value]: readonly [string, string]) =>
  field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))]))

/** The labels of a series, its name among them, as they are sent. */
export const encodedLabels = (labels: Readonly<Record<string, string>>): Buffer =>
  Buffer.concat(
    Object.entries(labels)
      .filter(([, value]) => value !== '')
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(labelOf),
  )

/** Of a time in milliseconds: 6 bytes until the year 2109. */
const sampleSize = 2 + 9 + 1 + 6

const writeSample = (into: Buffer, at: number, value: number, milliseconds: number) => {
  into[at] = 2 * 8 + 2
  into[at + 1] = sampleSize - 2
  into[at + 2] = 1 * 8 + 1
  into.writeDoubleLE(value, at + 3)
  into[at + 11] = 2 * 8
  let left = milliseconds
  for (let i = 0; i < 5; i += 1) {
    into[at + 12 + i] = (left % 128) + 128
    left = Math.floor(left / 128)
  }
  into[at + 17] = left
}

export interface Written {
  readonly labels: Buffer
  /** Values at these times, in milliseconds. */
  readonly times: readonly number[]
  readonly valueAt: (milliseconds: number) => number
}

const encoded = ({ labels, times, valueAt }: Written) => {
  const samples = Buffer.allocUnsafe(sampleSize * times.length)
  for (const [i, time] of times.entries()) writeSample(samples, i * sampleSize, valueAt(time), time)
  return field(1, Buffer.concat([labels, samples]))
}

/** Snappy's block format: the length, and pieces that are taken as they are. */
const framed = (content: Buffer) => {
  const pieces: Buffer[] = [Buffer.from(varint(content.length))]
  for (let from = 0; from < content.length; from += 65_536) {
    const piece = content.subarray(from, from + 65_536)
    pieces.push(Buffer.from([61 * 4, (piece.length - 1) & 255, (piece.length - 1) >> 8]), piece)
  }
  return Buffer.concat(pieces)
}

/** @throws Error with what Prometheus says, where it does not take them */
export const remoteWrite = async (url: string, series: readonly Written[]): Promise<void> => {
  const answer = await fetch(`${url}/api/v1/write`, {
    method: 'POST',
    headers: {
      'content-encoding': 'snappy',
      'content-type': 'application/x-protobuf',
      'x-prometheus-remote-write-version': '0.1.0',
    },
    body: framed(Buffer.concat(series.map(encoded))),
  })
  if (!answer.ok)
    throw new Error(`Prometheus did not take ${series.length} series: ${answer.status} ${await answer.text()}`)
  await answer.arrayBuffer()
}
