import { isIPv4 } from 'node:net'

/** A socket that others may reach. */
export interface Listening {
  readonly protocol: 'tcp' | 'udp'
  readonly address: string
  readonly port: number
  /** Whose it is. */
  readonly uid: number
  readonly inode: string
}

/** `st` of `/proc/net`, from Linux' `tcp_states.h`: LISTEN, and for UDP, which does not listen, CLOSE: bound, and tied to nobody. */
const states = { tcp: '0A', udp: '07' } as const

/**
 * Reads `/proc/net/{tcp,tcp6,udp,udp6}`.
 * @throws Error where a line is not as Linux writes it
 */
export const readListening = (protocol: Listening['protocol'], text: string): readonly Listening[] =>
  text
    .split('\n')
    .slice(1)
    .filter((line) => line.trim() !== '')
    .flatMap((line) => {
      const [, local = '', , state, , , , uid = '', , inode = ''] = line.trim().split(/\s+/)
      const [hex = '', port = ''] = local.split(':')
      if (!/^(?:[\dA-F]{8}|[\dA-F]{32})$/.test(hex) || !/^[\dA-F]{4}$/.test(port) || !/^\d+$/.test(inode)) {
        throw new Error(`the sockets of ${protocol} are written in a form that is not known here: ${line.trim()}`)
      }
      if (state !== states[protocol]) return []
      return [{ protocol, address: addressOf(hex), port: Number.parseInt(port, 16), uid: Number(uid), inode }]
    })

/** Words of 32 bits in the order of the processor, which has the last byte first on all that Node runs on but s390x. */
const addressOf = (hex: string) => {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).toReversed())
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.')
  const groups = Array.from({ length: 8 }, (_, at) => `${bytes[at * 2]}${bytes[at * 2 + 1]}`)
  const mapped = /^(?:0000:){5}FFFF:/.test(groups.join(':'))
  if (mapped)
    return bytes
      .slice(12)
      .map((byte) => Number.parseInt(byte, 16))
      .join('.')
  const { hostname } = new URL(`http://[${groups.join(':')}]`)
  return hostname.slice(1, -1)
}

/** Only this machine reaches it there. */
export const isLoopback = (address: string): boolean =>
  isIPv4(address) ? address.startsWith('127.') : address === '::1'
