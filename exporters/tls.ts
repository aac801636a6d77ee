/** Where a client's side of TLS is configured, in the words of its source. */
export interface TlsWords {
  /** Who names the authorities: `sslrootcert in its URL`. */
  readonly authority: string
  /** Who gives our own certificate. */
  readonly own: string
}

const untrusted = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'INVALID_CA',
])
/** Alerts by which a server refuses what we show it, or that we show nothing. */
const refusesOurs =
  /alert (certificate required|handshake failure|unknown ca|bad certificate|certificate (expired|unknown))/

/** The failure of a connection, with what to look at where it is TLS that failed. Others come back as they are. */
export const namedTlsFailure = (failure: unknown, { authority, own }: TlsWords): unknown => {
  if (!(failure instanceof Error) || !('code' in failure)) return failure
  const { code } = failure
  if (typeof code !== 'string') return failure
  // OpenSSL's own words stand in a field; the message adds where in its source they were said.
  const message = 'reason' in failure && typeof failure.reason === 'string' ? failure.reason : failure.message
  const named = (words: string) => new Error(`could not trust the server: ${words}`, { cause: failure })
  if (untrusted.has(code)) {
    return named(`no known authority signed its certificate (${message}). Name the one that did: ${authority}`)
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return named(`its certificate is for another host (${message}). Name it in the URL as in the certificate`)
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return named(`its certificate is not valid today (${message}). Renew it, or set the clock`)
  }
  if (refusesOurs.test(message)) {
    return new Error(`the server does not trust us (${message}). Give a certificate that it knows: ${own}`, {
      cause: failure,
    })
  }
  if (/wrong version number|packet length too long/.test(message)) {
    return new Error('the server does not speak TLS on this port', { cause: failure })
  }
  return failure
}
