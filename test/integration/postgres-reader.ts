import { type Choice, type Postgres, postgres } from '../../exporters/postgres/source.ts'

export interface OpenReader extends Postgres {
  close(): Promise<void>
}

/** What a collector would read through in a scrape of ten seconds; a part that fails fails the test. */
export const openReader = async (
  url: string,
  { databases }: { readonly databases?: Choice } = {},
): Promise<OpenReader> => {
  const source = postgres(url, { databases })
  // No deadline: it would end the connection, as it does when a scrape is late.
  await source.ready(new AbortController().signal, 10_000)
  const failed = (part: string, cause: unknown) => {
    throw new Error(`${part} failed`, { cause })
  }
  return { ...source.reader({ spent: () => undefined, failed }), close: () => source.close() }
}
