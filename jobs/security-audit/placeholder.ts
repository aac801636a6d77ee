/** What stands in examples where a secret belongs. */
const pattern =
  /^(?:<.*>|\[.*\]|x{3,}|\*{3,}|\.{3,}|(?:change|replace|enter|insert)[-_ ]?(?:me|this|it|here)\b.*|your[-_ ].*)$/i
/** Names of what holds a secret itself: not `_FILE`, whose value is a path. */
const secretName = /(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|ACCESS_?KEY)$/i
/** A secret that is empty is none; a token or key that is not set may be meant so. */
const needed = /(?:PASSWORD|PASSWD|PASSPHRASE)$/i

/** A test for passwords that everybody tries first. */
export const weakness =
  (wellKnown: readonly string[]) =>
  (secret: string, user = ''): string | undefined => {
    if (secret === '') return 'it is empty'
    const word = secret.toLowerCase()
    if (wellKnown.includes(word) || pattern.test(secret)) return 'it is a default or a placeholder'
    return user !== '' && word === user.toLowerCase() ? 'it is the name of its user' : undefined
  }
export type Weakness = ReturnType<typeof weakness>

/** What is wrong with a value, by the name of what holds it. */
export const faultOfValue = (name: string, value: string, weak: Weakness): string | undefined => {
  if (URL.canParse(value) && value.includes('@')) {
    const { username, password } = new URL(value)
    // Without one it may come in another way: by a certificate, say.
    if (password === '') return undefined
    return weak(decoded(password), decoded(username))
  }
  if (!secretName.test(name) || (value === '' && !needed.test(name))) return undefined
  return weak(value)
}

const decoded = (text: string) => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Lines such as `export NAME="value" # why`. What is put together of other variables is left out. */
export const readAssignments = (text: string): readonly (readonly [name: string, value: string])[] =>
  text.split(/\r?\n/).flatMap((line) => {
    const found = /^\s*(?:export\s+)?(?<name>[A-Za-z_]\w*)\s*=\s*(?<value>.*?)\s*$/.exec(line)?.groups
    if (!found) return []
    const { name = '', value = '' } = found
    const quoted = /^(?<quote>["'])(?<inside>.*?)\k<quote>(?:\s+#.*)?$/.exec(value)?.groups?.inside
    const plain = quoted ?? value.replace(/(?:^|\s+)#.*$/, '')
    return plain.includes('$') && !value.startsWith("'") ? [] : [[name, plain] as const]
  })
