import { isIP } from 'node:net'

/** What is hidden of the values of a key. */
export interface Hiding {
  /** Shown all the same: a count, the name of a state. */
  readonly spares: (value: string) => boolean
  /** Also behind `key: ` in a sentence, where an "address: " is as likely followed by words. */
  readonly inSentence: boolean
}

/** What a key says of its value, and of what stands beside it. */
export interface Judged {
  readonly hiding: Hiding | undefined
  /** What is inside is about a person: `guest`. */
  readonly isPerson: boolean
  /** What stands beside it is about a person: `email`. */
  readonly besidePerson: boolean
  /** A name, of whatever it may be: only a person's is hidden. */
  readonly isName: boolean
}

const list = (words: string) => words.split(/\s+/).filter(Boolean)
const nothing = () => false

interface Phrase extends Hiding {
  /** Hidden whatever follows, unless that tells about it: `passwordOfAnn`. Of the others the last word is the thing. */
  readonly wherever?: boolean
}
const secret: Phrase = { spares: nothing, inSentence: true, wherever: true }
const weak: Phrase = { spares: nothing, inSentence: false }
/** `pass: 7` counts them. Nobody has so short a password. */
const pass: Phrase = { spares: (value) => /^\d{1,3}$/.test(value), inSentence: true }
/** `sid: 'sidebar'`: the id of a session is longer, or has more than small letters. */
const session: Phrase = { spares: (value) => /^(?:\d{1,3}|[a-z]{1,12})$/.test(value), inSentence: true }
/** In an error of a socket it is the address of a machine. */
const personal: Phrase = { spares: (value) => isIP(value) !== 0, inSentence: false }
/** The number of a table is shorter. */
const numero: Phrase = { spares: (value) => /^\d{1,5}$/.test(value), inSentence: false }
const client: Phrase = { spares: (value) => /^[a-z ]*$/i.test(value), inSentence: true }

const people =
  'guest customer client contact visitor user booker diner attendee recipient member payer owner person holder'
const reachedBy = list(
  `email mail courriel phone phonenumber telephone tel mobile gsm cellphone homephone mobilephone workphone firstname
   lastname fullname surname maidenname familyname givenname middlename prenom birthday birthdate dateofbirth dob`,
)

/** Words as they follow each other in a key, without what separates them: `x-api-key`, `apiKey` and `API_KEY` all have `apikey`. */
const phrases = new Map<string, Phrase>()
const say = (phrase: Phrase, words: readonly string[]) => {
  for (const word of words) phrases.set(word, phrase)
}
const keys = list('api private access secret signing signature encryption master shared service account')
say(secret, [
  ...list(
    `password passwd pwd passphrase passcode motdepasse mdp secret token jwt csrf xsrf credential sessionid connectsid
     accountnumber securitycode cardnumber cardno numerocarte numerodecarte cvc cvv csc iban`,
  ),
  ...keys.map((word) => `${word}key`),
])
say(weak, list('pan bic pin otp ssn cookie setcookie authorization authorisation auth bearer signature private'))
say(pass, ['pass'])
say(session, ['sid'])
say(numero, ['numero'])
say(client, list('ip ipaddress clientip remoteaddress remoteaddr clientaddress forwarded forwardedfor'))
say(personal, reachedBy)
say(personal, [
  ...list(
    `address adresse emailaddress streetaddress homeaddress billingaddress shippingaddress deliveryaddress postaladdress
     nickname cardholder nom nomclient nomcomplet nomfamille nomdefamille contact passport`,
  ),
  ...list(people).map((one) => `${one}name`),
])

/** In small letters throughout: `accesstoken`. No other word has one of these in it. */
const inWords = /passw(?:or)?d|passphrase|passcode|motdepasse|(?:.secret|.token|.apikey|.credential)s?$/
const emailInWord = /.emails?$/

/** The last word of a key that tells about the thing and does not hold it: `passwordChangedAt`, `tokenType`. */
const aboutIt = new Set(
  list(
    `at in count type expires expiry expired length ttl valid invalid verified changed sent enabled required missing
     attempts status policy limit usage size url uri endpoint path page form field banner name algorithm issuer audience
     scope version provider store bucket limiter strength score error errors reason ms seconds duration latency age
     source strategy hint label kind mode method reset rotation index`,
  ),
)
/** What follows the word for a thing, and is still the thing: `cookieHeader`, `addressLine1`. */
const stillIt = new Set(
  list(
    `value header hash data raw plain old new current previous confirm confirmation repeat code string text base64 b hex
     pem encrypted line street city zip postcode number no info details e home work main primary secondary office perso
     pro client normalized normalised lower lowercase formatted input digits`,
  ),
)
/** Before an address: it is one of a machine. */
const machines = new Set(
  list(
    'ip mac remote local listen bind server peer host socket memory network pod node public private internal gateway db redis',
  ),
)
/** How many tokens a model read or wrote. */
const amounts = /(?:max|min|total|input|output|prompt|completion|used|cached)tokens$/

const persons = new Set([...list(people), ...list('convive invite personne utilisateur profile')])
const companions = new Set([...reachedBy, ...list('partysize cover couvert guestcount')])

const wordsOf = (key: string) =>
  key
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .map((word) => word.replace(/(?<=\p{L})\d+$/u, ''))
    .filter(Boolean)

const singular = (word: string) => {
  if (word.endsWith('addresses')) return word.slice(0, -2)
  return /[^s]s$/.test(word) ? word.slice(0, -1) : word
}

/** Several of them: a number is their count. */
const counted = (phrase: Phrase): Phrase => ({
  ...phrase,
  spares: (value) => /^\d+$/.test(value) || phrase.spares(value),
})

const insideOf = (word: string) => {
  if (inWords.test(word)) return secret
  return emailInWord.test(word) ? personal : undefined
}

const phraseOf = (words: readonly string[]): Phrase | undefined => {
  const joined = words.join('')
  const known = phrases.get(joined)
  if (known) return known
  const one = singular(joined)
  const several = phrases.get(one)
  const found = several ?? (words.length === 1 ? insideOf(joined) : undefined)
  return found && one !== joined ? counted(found) : found
}

const holds = (phrase: Phrase, words: readonly string[], start: number, end: number) => {
  const joined = words.slice(start, end).join('')
  const last = words.at(-1) ?? ''
  const rest = words.slice(end)
  if (machines.has(words[start - 1] ?? '') && /^(?:ip|address|ipaddress)(?:e?s)?$/.test(joined)) return false
  if (!phrase.wherever) return rest.every((word) => stillIt.has(word) || /^\d+$/.test(word))
  return rest.length === 0 || !(aboutIt.has(last) || (last === 'id' && joined.endsWith('key')))
}

/** The gravest of what is said in it. */
const hidingOf = (words: readonly string[]): Hiding | undefined => {
  if (amounts.test(words.join(''))) return undefined
  let found: Phrase | undefined
  for (let start = 0; start < words.length; start += 1) {
    for (let end = start + 1; end <= Math.min(words.length, start + 4); end += 1) {
      const phrase = phraseOf(words.slice(start, end))
      if (phrase && !found?.wherever && holds(phrase, words, start, end)) found = phrase
    }
  }
  return found
}

const plain: Judged = { hiding: undefined, isPerson: false, besidePerson: false, isName: false }

const judge = (key: string, extra: ReadonlySet<string>): Judged => {
  const words = wordsOf(key)
  const joined = words.join('')
  const judged = {
    hiding: extra.has(joined) ? secret : hidingOf(words),
    isPerson: persons.has(singular(words.at(-1) ?? '')),
    besidePerson: companions.has(singular(joined)),
    isName: joined === 'name' || joined === 'displayname',
  }
  return judged.hiding || judged.isPerson || judged.besidePerson || judged.isName ? judged : plain
}

/** Under a key that is a name, where it is a person's. */
export const personsName: Hiding = personal

/** Most services use a few hundred keys; one that makes keys of its data must not fill the memory. */
const mostKnown = 5_000
/** A key longer than this is cut before it is judged. */
const longestKey = 128

export type KeyJudge = (key: string) => Judged

/** @param extra further keys whose values are secret, however they are written: `roomCode` is also `room_code` */
export const keyJudge = (extra: readonly string[] = []): KeyJudge => {
  const more = new Set(extra.map((key) => wordsOf(key).join('')))
  const known = new Map<string, Judged>()
  return (key) => {
    const found = known.get(key)
    if (found) return found
    const judged = judge(key.slice(0, longestKey), more)
    if (key.length <= longestKey) {
      if (known.size >= mostKnown) known.clear()
      known.set(key, judged)
    }
    return judged
  }
}
