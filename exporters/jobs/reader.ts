import type { z } from 'zod'

/**
 * Reads JSON of one shape.
 * @returns what throws an Error saying what is wrong with a text
 */
export const reader =
  <T>(shape: z.ZodType<T>) =>
  (text: string): T => {
    const parsed = shape.safeParse(JSON.parse(text))
    if (parsed.success) return parsed.data
    throw new Error(parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join(', '))
  }
