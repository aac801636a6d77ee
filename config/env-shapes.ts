import { z } from 'zod'

/** Never required: what is not set is not used. */
export const url = (protocols: readonly string[], example: string) =>
  z
    .string(`is no URL like ${example}`)
    .refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), `is no URL like ${example}`)
    .optional()

const isBase = (text: string) => {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, search, hash } = new URL(text)
  return ['http:', 'https:'].includes(protocol) && !username && !password && !search && !hash
}

/** What paths are added to: written as browsers do, without a slash at its end. */
export const baseUrl = (example: string) =>
  z
    .string(`is no URL like ${example}`)
    .refine(isBase, `is no URL like ${example}`)
    .transform((text) => new URL(text).href.replace(/\/+$/, ''))
    .optional()

export const port = (fallback: number) =>
  z.coerce
    .number('is not a port: write a whole number from 1 to 65535')
    .int('is not a port: write a whole number from 1 to 65535')
    .min(1, 'is not a port: write a whole number from 1 to 65535')
    .max(65535, 'is not a port: write a whole number from 1 to 65535')
    .default(fallback)

/** Hosts of one kind, with blanks or commas between them. */
export const hosts = (isOne: (text: string) => boolean, fault: string) =>
  z
    .string()
    .transform((text) => text.split(/[\s,]+/).filter(Boolean))
    .refine((found) => found.every(isOne), fault)
    .optional()

/** A file that is read where it is needed, and again when it has changed. */
export const path = z.string().optional()

/** `true` or `false`, in any case of letters. */
export const flag = z.stringbool({ truthy: ['true'], falsy: ['false'], error: 'is neither true nor false' })

const rate = 'is no share: write a number from 0 to 1, such as 0.1'
export const share = (fallback: number) => z.coerce.number(rate).min(0, rate).max(1, rate).default(fallback)
