/** Something that records one request. */
export interface Recorder {
  readonly name: string
  record(request: Recorded): void
  /** Requests it has counted, by what it would show. */
  counted(): number | Promise<number>
}

export interface Recorded {
  readonly method: string
  readonly route: string
  readonly status: number
  readonly statusCode: string
  readonly seconds: number
}

export interface Recording {
  readonly name: string
  /** Nanoseconds of one call, in each round. */
  readonly nanoseconds: readonly number[]
  readonly calls: number
  readonly counted: number
}

const methods = ['GET', 'GET', 'GET', 'POST']
const routes = ['/reservations/:id', '/reservations', '/tables/:id/slots', '/guests/:id']
const statuses = [200, 201, 200, 404, 200, 200, 409, 200]

/** 64 requests with 16 and more sets of labels. Most take some milliseconds. */
export const requests: readonly Recorded[] = Array.from({ length: 64 }, (_, place) => {
  const status = statuses[(place >> 1) % statuses.length] ?? 200
  return {
    method: methods[place % methods.length] ?? 'GET',
    route: routes[(place >> 2) % routes.length] ?? '/',
    status,
    statusCode: String(status),
    seconds: 0.0007 * (1 + ((place * 37) % 64)),
  }
})

const time = ({ record }: Recorder, calls: number) => {
  const start = process.hrtime.bigint()
  for (let call = 0; call < calls; call += 1) {
    const request = requests[call & 63]
    if (request) record(request)
  }
  return Number(process.hrtime.bigint() - start) / calls
}

/** In turns, another first each time. What warms them up is counted and not measured. */
export const recordInTurns = async (
  recorders: readonly Recorder[],
  { rounds, calls }: { readonly rounds: number; readonly calls: number },
): Promise<readonly Recording[]> => {
  const found = recorders.map((): number[] => [])
  const warmUps = Math.max(3, Math.ceil(rounds / 4))
  for (let round = 0; round < warmUps + rounds; round += 1) {
    for (let step = 0; step < recorders.length; step += 1) {
      const place = (step + round) % recorders.length
      const recorder = recorders[place]
      if (!recorder) continue
      const took = time(recorder, calls)
      if (round >= warmUps) found[place]?.push(took)
    }
  }
  return Promise.all(
    recorders.map(async ({ name, counted }, place) => ({
      name,
      nanoseconds: found[place] ?? [],
      calls: (warmUps + rounds) * calls,
      counted: await counted(),
    })),
  )
}
