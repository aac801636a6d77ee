import { join } from 'node:path'
import { createServer } from 'node:tls'
import {
  endpointCertificateExpired,
  endpointCertificateExpiresSoon,
  endpointCertificateExpiring,
  endpointCertificateOfOther,
  endpointCertificateUntrusted,
} from '../../../../alerts/security/certificates.ts'
import { authority, type Certificate } from '../../../integration/certificates.ts'
import { freePort } from '../../../integration/servers.ts'
import { endsAs, type Shop } from '../jobs/stand.ts'
import type { Expected, Provocation } from '../provocation.ts'
import { auditing } from './stand.ts'

const seconds = (count: number) => count / 86_400

/** A server whose certificate is audited, and becomes another. */
export const openCertificates = async (shop: Shop) => {
  const instance = 'certificates'
  const [known, unknown] = ['an authority', 'somebody'].map((name) => authority(join(shop.folder, name), name))
  if (!known || !unknown) throw new Error('there is no authority')
  const valid = known.issue('valid', ['localhost'], 90)
  const port = await freePort()
  const server = createServer({ cert: valid.cert, key: valid.key }, (socket) => socket.end())
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const endpoint = `localhost:${port}`
  const { watched, audit } = auditing(shop, {
    instance,
    checks: ['certificates'],
    env: { AUDIT_ENDPOINTS: endpoint, AUDIT_TLS_CA: known.certFile },
  })
  const served = async ({ cert, key }: Certificate) => {
    server.setSecureContext({ cert, key })
    await endsAs(audit(), 'succeeded')
  }
  const fault = (words: string, alert: Expected['alert'], certificate: () => Certificate): Provocation => ({
    fault: words,
    fires: [{ alert, labels: { instance, endpoint } }],
    before: () => served(valid),
    bring: () => served(certificate()),
    end: () => served(valid),
  })
  const lane: readonly Provocation[] = [
    fault('a certificate is not renewed: it has ten days left', endpointCertificateExpiring, () =>
      known.issue('ten', ['localhost'], 10),
    ),
    fault('a certificate is not renewed: it has two days left', endpointCertificateExpiresSoon, () =>
      known.issue('two', ['localhost'], 2),
    ),
    fault('a certificate expires, twelve seconds after it was seen valid', endpointCertificateExpired, () =>
      known.issue('expiring', ['localhost'], seconds(12)),
    ),
    fault('a certificate of an authority that nobody knows', endpointCertificateUntrusted, () =>
      unknown.issue('other', ['localhost'], 90),
    ),
    fault('a certificate of another name', endpointCertificateOfOther, () =>
      known.issue('elsewhere', ['elsewhere.example'], 90),
    ),
  ]
  return { watched, lanes: [lane], end: async () => void server.close() }
}
