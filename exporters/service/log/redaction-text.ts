import type { KeyJudge } from './redaction-keys.ts'

export const redacted = '[redacted]'

/**
 * What is looked for in text. Each pattern is linear in the length of the text: its repetitions have a bound, or start
 * only where a run starts. `hint` is cheap, and spares most texts the pattern.
 */
interface Pattern {
  readonly hint: (text: string) => boolean
  readonly replace: (text: string) => string
}

const digitsOf = (text: string) => text.replace(/\D/g, '')

/** The check digit of card numbers. */
const luhn = (digits: string) => {
  let sum = 0
  for (let at = 0; at < digits.length; at += 1) {
    const digit = Number(digits[digits.length - 1 - at])
    sum += at % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2
  }
  return sum % 10 === 0
}

/** By the first digits and the length that schemes give out: one number of ten passes the check by chance. */
const schemes =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}|(?:6|35|50|5[6-9])\d{14,17})$/
export const isCard = (text: string): boolean => {
  const digits = digitsOf(text)
  return schemes.test(digits) && luhn(digits)
}

/** ISO 13616: the first four signs last, letters as numbers from 10, the rest by 97 is 1. */
const isIban = (text: string) => {
  const plain = text.replaceAll(' ', '')
  if (plain.length < 15 || plain.length > 34) return false
  let rest = 0
  for (const sign of plain.slice(4) + plain.slice(0, 4)) {
    const value = Number.parseInt(sign, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest === 1
}

/** What follows the number in capitals looks like more groups of it. */
const withoutIban = (text: string) => {
  for (let end = text.length; end > 0; end = text.lastIndexOf(' ', end - 1)) {
    if (isIban(text.slice(0, end))) return redacted + text.slice(end)
  }
  return text
}

/** "bearer token" and "basic authentication" are words, not credentials. */
const plainWords = /^(?:tokens?|auth\w*|schemes?|realm|access|credentials?|challenge|settings?|error|format)$/i
const isBasic = (proof: string) => Buffer.from(proof, 'base64').toString('latin1').includes(':')

/** `user:password@` before a host. A slash in it may be one of the password, unless what precedes it is a port. */
const withoutLogin = (url: string) => {
  const end = url.search(/[/?#]/)
  const at = url.lastIndexOf('@', end < 0 ? url.length : end)
  if (at >= 0) return `${redacted}${url.slice(at)}`
  const late = /^[^/?#@:[]*:(?!\d{1,5}(?:[/?#]|$))/.test(url) ? url.lastIndexOf('@') : -1
  return late >= 0 ? `${redacted}${url.slice(late)}` : url
}

/** A number with a sign before it has fewer digits, or a point in it and nothing else. */
const isPhone = (text: string) => {
  const digits = digitsOf(text).length
  return /^\+\d+$/.test(text) ? digits >= 10 : digits >= 9 && !/^\+\d+\.\d+$/.test(text)
}

const patterns: readonly Pattern[] = [
  {
    hint: (text) => text.includes('-----BEGIN'),
    replace: (text) =>
      text.replace(
        /-----BEGIN [A-Z ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----[\s\S]*?(?:-----END [A-Z ]{0,50}-----|$)/g,
        redacted,
      ),
  },
  {
    // postgres://user:password@host
    hint: (text) => text.includes('://') && text.includes('@'),
    replace: (text) =>
      text.replace(/:\/\/[^\s"'<>]+/g, (run) =>
        run.includes('@') ? run.split('://').map(withoutLogin).join('://') : run,
      ),
  },
  {
    // A cookie, or what authorizes: to the end of the quotes, or else of the line.
    hint: (text) => /cookie|authorization/i.test(text),
    replace: (text) =>
      text.replace(
        /(?<![\w-])((?:set-)?cookie|(?:proxy-)?authorization)(\\{0,3}["']?\s{0,3}[:=]\s{0,3}\\{0,3})(?:(")[^"\\\r\n]*|(')[^'\\\r\n]*|[^\s"'][^\r\n]*)/gi,
        (_all, name: string, between: string, double = '', single = '') => name + between + double + single + redacted,
      ),
  },
  {
    hint: (text) => /earer|asic/i.test(text),
    replace: (text) =>
      text.replace(
        /\b(bearer|basic)(\s{1,3})([\w.~+/=-]{4,})/gi,
        (all, scheme: string, blank: string, proof: string) => {
          const real = /^basic$/i.test(scheme) ? isBasic(proof) : !plainWords.test(proof)
          return real ? scheme + blank + redacted : all
        },
      ),
  },
  {
    hint: (text) => text.includes('eyJ'),
    replace: (text) => text.replace(/(?<![\w-])eyJ[\w-]{5,}(?:\.[\w-]*){1,4}/g, redacted),
  },
  {
    // Keys whose issuers mark them: Stripe, GitHub, GitLab, Slack, npm, AWS, Google.
    hint: (text) => /[_-]|AKIA|AIza/.test(text),
    replace: (text) =>
      text.replace(
        /(?<![A-Za-z0-9])(?:[sr]k_(?:live|test)_\w{3,}|whsec_\w{8,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{15,}|xox[abprs]-[\w-]{10,}|npm_\w{20,}|AKIA[0-9A-Z]{16}|AIza[\w-]{30,})/g,
        redacted,
      ),
  },
  {
    hint: (text) => text.includes('@') || text.includes('%40'),
    // Its domain ends in letters: fastify@5.12.8 in a path is a version.
    replace: (text) =>
      text.replace(
        /[\p{L}\p{N}._+'-]{1,64}(?:@|%40)(?:[\p{L}\p{N}-]{1,63}\.){1,8}\p{L}{2,24}(?![\p{L}\p{N}])/gu,
        redacted,
      ),
  },
  {
    // "password hunter2", "password is hunter2": words that follow a password have no digit in them.
    hint: (text) => /passw|passphrase|passcode|pwd|mdp|mot de passe/i.test(text),
    replace: (text) =>
      text
        .replace(/(mots? de passe\s{0,3}[:=]\s{0,3}["'`]?)[^\s"'`]+/gi, `$1${redacted}`)
        .replace(
          /(?<![\w/.-])((?:passw(?:or)?d|passphrase|passcode|pwd|mdp|mots? de passe)\s{1,3}(?:(?:is|was|est)\s{1,3})?["'`]?)(?=[^\s"'`]*[\d@#$%^&*+=~])[^\s"'`]{3,}[^\s"'`.,;:!?)}\]]/gi,
          `$1${redacted}`,
        ),
  },
  {
    // 06 12 34 56 78, +33 (0)6.12.34.56.78, 0033612345678: one sign between all, as no date has it.
    hint: (text) => /\d\d[ ./\u00a0\u202f-]?\d\d/.test(text),
    replace: (text) =>
      text.replace(
        /(?<![\w.+-])(?:(?:\+|%2B|00)33[ .\u00a0\u202f-]?(?:\(0\)[ .\u00a0\u202f-]?)?|0)[1-9](?:\d{8}|([ ./\u00a0\u202f-])\d\d(?:\1\d\d){3})(?!\w)/g,
        redacted,
      ),
  },
  {
    hint: (text) => /\+\d/.test(text),
    replace: (text) =>
      text.replace(/(?<![\w.+-])\+[1-9](?:[ .()\u00a0\u202f-]{0,2}\d){7,14}(?!\w)/g, (found) =>
        isPhone(found) ? redacted : found,
      ),
  },
  {
    hint: (text) => /\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d[ -]?\d/.test(text),
    replace: (text) =>
      text.replace(/(?<![\w.])\d(?:[ -]?\d){12,18}(?!\w)/g, (found) => (isCard(found) ? redacted : found)),
  },
  {
    hint: (text) => /[A-Z]{2}\d{2}/.test(text),
    replace: (text) => text.replace(/(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?![a-z0-9])/g, withoutIban),
  },
]

/** A key and the sign behind it: `token=`, `"token":`, `\"token\":`, `(token)=`. Its value is looked at afterwards. */
const assignment = () => /(?<![\w.-])([\w.-]{1,64})(\\{0,3}(["')\]]?)\s{0,3}([:=])\s{0,3})/g
const assigned = () =>
  /(\\{1,3}")[^"\\]*|(")(?:[^"\\]|\\.)*|(')[^'\\]*|(\()[^)]*|\{[^}]*\}?|\[(?!redacted)[^\]]*\]?|(?!\[redacted)[^\s,;&"'()}\]\\]+/y

/** What stands behind a key, unless the key lets it be shown. */
const withoutAssigned = (text: string, judge: KeyJudge) => {
  const [keys, value] = [assignment(), assigned()]
  let [out, done] = ['', 0]
  for (let found = keys.exec(text); found; found = keys.exec(text)) {
    const [, key = '', , quote, sign] = found
    const { hiding } = judge(key)
    if (!hiding || (!hiding.inSentence && sign === ':' && quote === '')) continue
    value.lastIndex = keys.lastIndex
    const match = value.exec(text)
    if (!match) continue
    const opening = match.slice(1).find((part) => part !== undefined) ?? ''
    if (hiding.spares(text.slice(keys.lastIndex + opening.length, value.lastIndex))) continue
    out += text.slice(done, keys.lastIndex) + opening + redacted
    done = value.lastIndex
    keys.lastIndex = done
  }
  return out + text.slice(done)
}

/** Text without the secrets and the personal data that can be told by their form, or by the key before them. */
export const cleanText = (text: string, judge: KeyJudge): string => {
  let clean = text
  for (const { hint, replace } of patterns) if (hint(clean)) clean = replace(clean)
  return clean.includes('=') || clean.includes(':') ? withoutAssigned(clean, judge) : clean
}
