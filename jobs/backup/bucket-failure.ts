import { isCode, wordsOf } from '../../exporters/failure.ts'

/** Where a bucket is, and who we are there. */
export interface BucketAddress {
  readonly bucket: string
  /** Everything of ours is below it. Another one in the same bucket is somebody else's. */
  readonly prefix: string
  readonly region: string
  /** Amazon's where there is none. */
  readonly endpoint?: string | undefined
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** What the server calls what went wrong, such as `NoSuchKey`. */
export const nameOf = (cause: unknown) => (cause instanceof Error ? cause.name : '')

const rights = 's3:ListBucket, GetObject, PutObject, DeleteObject, AbortMultipartUpload, ListBucketMultipartUploads'

/** Nobody answers where the bucket should be: that may be over tomorrow. */
export class BucketAway extends Error {}

/** What went wrong there, with what to do. Keys are not among the words. */
export const namedFailure = (cause: unknown, what: string, { bucket, prefix, endpoint }: BucketAddress) => {
  const failed = (words: string) => new Error(`${what}: ${words}`, { cause })
  const name = nameOf(cause)
  if (name === 'NoSuchBucket') {
    return failed(`there is no bucket ${bucket}. Make it, or set BACKUP_S3_BUCKET to one that there is`)
  }
  if (['AccessDenied', 'AllAccessDisabled', 'Forbidden', '403'].includes(name)) {
    return failed(`the server does not allow it. Give the key the rights ${rights} below ${prefix}/ of ${bucket}`)
  }
  if (['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'InvalidToken', 'ExpiredToken'].includes(name)) {
    return failed(`the server does not know us. Check BACKUP_S3_ACCESS_KEY_ID and BACKUP_S3_SECRET_ACCESS_KEY`)
  }
  if (name === 'PermanentRedirect' || name === 'AuthorizationHeaderMalformed') {
    return failed('the bucket is in another region. Set BACKUP_S3_REGION')
  }
  const unreachable = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ECONNRESET', 'ETIMEDOUT', 'EHOSTUNREACH']
  if (name === 'TimeoutError' || unreachable.some((code) => isCode(cause, code))) {
    const words = `nobody answers at ${endpoint ?? 'Amazon'} (${wordsOf(cause)}). Check BACKUP_S3_ENDPOINT and the network`
    return new BucketAway(`${what}: ${words}`, { cause })
  }
  return failed(wordsOf(cause))
}
