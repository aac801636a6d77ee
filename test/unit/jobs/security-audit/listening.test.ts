import { describe, expect, test } from 'vitest'
import { isLoopback, readListening } from '../../../../jobs/security-audit/listening.ts'

const header = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode'
const line = (local: string, state: string, inode = '42') =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 00000000d1b6141f 100 0 0 10 0`
const table = (...lines: readonly string[]) => `${[header, ...lines].join('\n')}\n`

describe('What listens', () => {
  test.each([
    ['all of IPv4', '00000000:0016', '0.0.0.0', 22, false],
    ['loopback', '0100007F:1538', '127.0.0.1', 5432, true],
    ['another address of loopback', '3500007F:0035', '127.0.0.53', 53, true],
    ['an address', '0A00A8C0:01BB', '192.168.0.10', 443, false],
    ['all of IPv6', '00000000000000000000000000000000:18EB', '::', 6379, false],
    ['loopback of IPv6', '00000000000000000000000001000000:18EB', '::1', 6379, true],
    ['loopback of IPv4 in IPv6', '0000000000000000FFFF00000100007F:18EB', '127.0.0.1', 6379, true],
    ['an address of IPv4 in IPv6', '0000000000000000FFFF00000A00A8C0:18EB', '192.168.0.10', 6379, false],
    ['an address of IPv6', 'B80D0120000000000000000001000000:18EB', '2001:db8::1', 6379, false],
  ])('%s', (_what, local, address, port, loopback) => {
    expect(readListening('tcp', table(line(local, '0A')))).toEqual([
      { protocol: 'tcp', address, port, uid: 1000, inode: '42' },
    ])
    expect(isLoopback(address)).toBe(loopback)
  })

  test('is neither a connection nor its end', () => {
    const states = ['01', '02', '06', '08'].map((state) => line('00000000:0016', state))
    expect(readListening('tcp', table(...states))).toEqual([])
    expect(readListening('udp', table(line('00000000:0035', '01'), line('00000000:0044', '07')))).toHaveLength(1)
  })

  test('is not guessed at', () => {
    expect(() => readListening('tcp', `${header}\nnothing of the kind\n`)).toThrow('a form that is not known here')
    expect(() => readListening('tcp', table(line('0000:0016', '0A')))).toThrow('a form that is not known here')
  })
})
