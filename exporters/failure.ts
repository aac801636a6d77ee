export const wordsOf = (failure: unknown) => (failure instanceof Error ? failure.message : String(failure))

/** Whether the system refused with this code, such as `ENOENT`. */
export const isCode = (failure: unknown, code: string) =>
  failure instanceof Error && 'code' in failure && failure.code === code
