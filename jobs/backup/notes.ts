import { z } from 'zod'

/** Whose backups a place holds: those of one database, and of what belongs to it. */
const owner = z.object({ version: z.literal(1), systemIdentifier: z.string(), database: z.string() })

/** What is on its way to a bucket. */
const sending = z.object({
  version: z.literal(1),
  /** Where it goes: settings may have changed since. */
  to: z.string(),
  name: z.string(),
  /** Of an upload in parts, once it has begun. */
  id: z.string().optional(),
})

/** What was seen of the bucket last. Milliseconds of Unix time; 0 where there was none. */
const seen = z.object({ version: z.literal(1), to: z.string(), newest: z.number(), copies: z.number() })

export type OwnerNote = Readonly<z.infer<typeof owner>>
export type SendingNote = Readonly<z.infer<typeof sending>>
export type SeenNote = Readonly<z.infer<typeof seen>>

/** Undefined where it is damaged, as by a disk that was full. */
const reader =
  <T>(shape: z.ZodType<T>) =>
  (text: string): T | undefined => {
    try {
      return shape.safeParse(JSON.parse(text)).data
    } catch {
      return undefined
    }
  }

export const readOwner: (text: string) => OwnerNote | undefined = reader(owner)
export const readSending: (text: string) => SendingNote | undefined = reader(sending)
export const readSeen: (text: string) => SeenNote | undefined = reader(seen)

export const noteText = (note: OwnerNote | SendingNote | SeenNote): string => `${JSON.stringify(note)}\n`
