import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const derive = promisify(pbkdf2)

/**
 * Finds out whether what PostgreSQL keeps of a password was made of this one, without trying it on the server.
 * @param verifier `rolpassword` of `pg_authid`: RFC 5803's `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`, or `md5` with
 *   a digest of the password and the role's name
 */
export const isMadeOf = async (verifier: string, role: string, password: string): Promise<boolean> => {
  const scram = /^SCRAM-SHA-256\$(?<iterations>\d+):(?<salt>[^$]+)\$[^:]+:(?<serverKey>.+)$/.exec(verifier)?.groups
  if (scram) {
    const { iterations, salt = '', serverKey = '' } = scram
    const salted = await derive(
      password.normalize('NFKC'),
      Buffer.from(salt, 'base64'),
      Number(iterations),
      32,
      'sha256',
    )
    return same(createHmac('sha256', salted).update('Server Key').digest(), Buffer.from(serverKey, 'base64'))
  }
  const md5 = /^md5(?<digest>[\da-f]{32})$/.exec(verifier)?.groups?.digest
  if (md5 === undefined) return false
  return same(createHash('md5').update(`${password}${role}`).digest(), Buffer.from(md5, 'hex'))
}

const same = (a: Buffer, b: Buffer) => a.length === b.length && timingSafeEqual(a, b)
