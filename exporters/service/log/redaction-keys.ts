/** What a key says of its value: a secret, or something that tells of a person. */
export type Kind = 'secret' | 'personal'

/** Looked for in a key without its separators: `x-api-key`, `stripeApiKey` and `API_KEY` all have an `apikey`. */
const secret = new RegExp(
  [
    'passw(?:or)?d|passphrase|passcode|motdepasse|secret(?!ar)|authori[sz]ation(?!s)|cookie|credential|sessionid|cardn(?:umber|o$)|pan$',
    '(?:api|private|access|signing|signature|encryption|master|shared|service|account)key(?!id)',
    'accountnumber|securitycode|token(?!i[sz]e)',
  ].join('|'),
)
/** Too short to be looked for inside other words. */
const secretWords = new Set([
  'pwd',
  'mdp',
  'pass',
  'pin',
  'otp',
  'jwt',
  'sid',
  'ssn',
  'csrf',
  'xsrf',
  'cvc',
  'cvv',
  'csc',
])
const secretStart = /^(?:iban|bic$|cvc\d|cvv\d)/
const personal = /email|phone|address|birthda|firstname|lastname|fullname|surname|maidenname|cardholder|dateofbirth/
const personalWords = new Set(['mail', 'tel', 'mobile', 'gsm', 'dob', 'adresse', 'courriel', 'prenom', 'passport'])

/** The last word of a key that tells about the thing and does not hold it: `passwordChangedAt`, `tokenType`. */
const aboutIt = new Set(
  'at in count type expires expiry expired length ttl valid invalid verified changed sent enabled required missing attempts status policy limit usage size'.split(
    ' ',
  ),
)
const aboutPerson = new Set('id ids service provider template queue host domain family format'.split(' '))
/** Addresses of machines. */
const machine = /(?:ip|mac|remote|local|listen|bind|server|peer|host|socket|memory|network)address(?:es)?$/
/** How many tokens a model read or wrote. */
const amounts = /(?:max|min|total|input|output|prompt|completion|used|cached)tokens$/

const wordsOf = (key: string) =>
  key
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)

const judge = (key: string, extra: ReadonlySet<string>): Kind | undefined => {
  const words = wordsOf(key)
  const joined = words.join('')
  if (extra.has(joined)) return 'secret'
  const last = words.at(-1) ?? ''
  if (aboutIt.has(last) && words.length > 1) return undefined
  if (words.some((word) => secretWords.has(word) || secretStart.test(word))) return 'secret'
  if (secret.test(joined) && !amounts.test(joined)) return 'secret'
  if (aboutPerson.has(last) || machine.test(joined)) return undefined
  return personal.test(joined) || words.some((word) => personalWords.has(word)) ? 'personal' : undefined
}

/** Most services use a few hundred keys; one that makes keys of its data must not fill the memory. */
const mostKnown = 5_000
/** A key longer than this is cut before it is judged. */
const longestKey = 128

/** @param extra further keys whose values are secret, however they are written: `roomCode` is also `room_code` */
export const keyJudge = (extra: readonly string[] = []) => {
  const more = new Set(extra.map((key) => wordsOf(key).join('')))
  const known = new Map<string, Kind | undefined>()
  return (key: string): Kind | undefined => {
    const kind = known.get(key)
    if (kind !== undefined || known.has(key)) return kind
    const judged = judge(key.slice(0, longestKey), more)
    if (key.length <= longestKey) {
      if (known.size >= mostKnown) known.clear()
      known.set(key, judged)
    }
    return judged
  }
}
