import { backupSettings } from '../../config/backup.ts'
import type { Env } from '../../config/env.ts'
import type { RestoreTestSettings } from '../../config/restore-test.ts'
import { wordsOf } from '../../exporters/failure.ts'
import { type Identity, readIdentity } from '../backup/decryption.ts'
import { folderPlace } from '../backup/folder.ts'
import type { Kind, Manifest } from '../backup/manifest.ts'
import { completeIn, manifestIn, type Place } from '../backup/place.ts'
import { openBucket } from '../backup/s3.ts'

/** Gives the place of the backups that are tested to `work`, and leaves it behind it. */
export const withPlace = async <T>(env: Env, settings: RestoreTestSettings, work: (place: Place) => Promise<T>) => {
  const {
    BACKUP_DIR,
    BACKUP_S3_BUCKET: bucket,
    BACKUP_S3_PREFIX: prefix,
    BACKUP_S3_REGION: region,
    BACKUP_S3_ENDPOINT: endpoint,
    BACKUP_S3_ACCESS_KEY_ID: accessKeyId,
    BACKUP_S3_SECRET_ACCESS_KEY: secretAccessKey,
  } = env
  const { from = bucket === undefined ? 'local' : 'remote' } = settings
  if (from === 'local') return work(folderPlace(BACKUP_DIR))
  if (bucket === undefined || accessKeyId === undefined || secretAccessKey === undefined) {
    throw new Error(
      'there is no bucket: set BACKUP_S3_BUCKET with its key, or `from` in config/restore-test.ts to local',
    )
  }
  const address = { bucket, prefix, region, endpoint, accessKeyId, secretAccessKey }
  const remote = openBucket(address, backupSettings.upload)
  try {
    return await work(remote)
  } finally {
    remote.close()
  }
}

/** @throws Error saying what is wrong with it, without a word of it */
export const identityOf = ({ BACKUP_IDENTITY }: Env): Identity => {
  if (BACKUP_IDENTITY === undefined) {
    throw new Error(
      'BACKUP_IDENTITY is missing: a backup opens with the key whose public half is BACKUP_RECIPIENT. Set BACKUP_IDENTITY_FILE to the file that age-keygen wrote',
    )
  }
  try {
    return readIdentity(BACKUP_IDENTITY)
  } catch (cause) {
    throw new Error(`BACKUP_IDENTITY ${wordsOf(cause)}`, { cause })
  }
}

/**
 * The newest backup of a kind that is there.
 * @returns undefined where there is none
 * @throws Error where the place cannot be read, its manifest is damaged, or its file is not as long as it has to be
 */
export const newestIn = async (place: Place, kind: Kind, signal: AbortSignal): Promise<Manifest | undefined> => {
  const [newest] = await completeIn(place, kind, signal)
  if (!newest) return undefined
  const manifest = await manifestIn(place, newest, signal)
  const file = (await place.list(kind, signal)).find(({ name }) => name === manifest.file)
  const where = `${manifest.file} of ${place.words}`
  const remedy = 'Do not restore it: take another backup, and look for what became of this one'
  if (!file) throw new Error(`${where} is missing, though its manifest is there. ${remedy}`)
  if (file.bytes !== manifest.bytes) {
    const wrong = file.bytes < manifest.bytes ? 'truncated' : 'altered'
    throw new Error(
      `${where} is ${wrong}: it has ${file.bytes} bytes, and its manifest tells of ${manifest.bytes}. ${remedy}`,
    )
  }
  return manifest
}
