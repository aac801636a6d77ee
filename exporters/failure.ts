export const wordsOf = (failure: unknown) => (failure instanceof Error ? failure.message : String(failure))

/** What the system or a server calls it, such as `ENOENT` or `42P01`; empty where nobody gave it a code. */
export const codeOf = (failure: unknown): string =>
  failure instanceof Error && 'code' in failure && typeof failure.code === 'string' ? failure.code : ''

/** Whether the system refused with this code, such as `ENOENT`. */
export const isCode = (failure: unknown, code: string) => codeOf(failure) === code
