/** A series that an instant query finds: its labels, and its value as Prometheus prints it. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [seconds: number, value: string]
}

/**
 * What a Prometheus at `url` answers to an instant query, now or at a Unix time in seconds.
 * @throws Error with the query and its words where it refuses
 */
export const instantQuery = async (url: string, promql: string, time?: number): Promise<readonly Sample[]> => {
  const answer = await fetch(`${url}/api/v1/query`, {
    method: 'POST',
    body: new URLSearchParams({ query: promql, ...(time !== undefined && { time: String(time) }) }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${url} could not answer ${promql}: ${text}`)
  return JSON.parse(text).data.result
}

/** The value of the first series, or undefined where there is none. */
export const instantValue = async (url: string, promql: string): Promise<number | undefined> => {
  const [first] = await instantQuery(url, promql)
  return first && Number(first.value[1])
}
