import { stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReindexSetting } from '../../config/cleanup.ts'
import { literal } from '../../exporters/postgres/quoting.ts'
import type { Database } from '../../exporters/postgres/source.ts'

const size = (bytes: number) => `${Math.ceil(bytes / 1024 ** 2)} MiB`

/** Until the old index goes, the new one stands beside it, and the write-ahead log holds it once more. */
const needed = (bytes: number, { spareBytes }: ReindexSetting) => 2 * bytes + spareBytes

/**
 * Why there is no room to rebuild an index, where there is none. The server tells nobody how full its disk is: that is
 * looked up where the disk is one of this machine, and an index of moderate size is rebuilt where it is not.
 */
export const roomFor = async (
  { rows }: Database,
  index: string,
  bytes: number,
  setting: ReindexSetting,
  url: string,
): Promise<string | undefined> => {
  const [row] = await rows<{ readonly data: string | null; readonly place: string }>(`
    select case when pg_has_role('pg_read_all_settings', 'USAGE') then current_setting('data_directory') end as data,
           pg_tablespace_location(coalesce(nullif(c.reltablespace, 0), d.dattablespace)) as place
    from pg_class c, pg_database d where c.oid = to_regclass(${literal(index)}) and d.datname = current_database()`)
  const free = await freeAt(row?.data, row?.place, url)
  const need = needed(bytes, setting)
  if (free === undefined) {
    return bytes <= setting.blindBytes
      ? undefined
      : `it has ${size(bytes)}, and nobody here can tell how much room its server has: raise reindex.blindBytes in config/cleanup.ts where there is ${size(need)}`
  }
  return free >= need ? undefined : `there is room for ${size(free)}, and rebuilding it takes ${size(need)}`
}

const isHere = (url: string) => {
  const { hostname, searchParams } = new URL(url)
  const host = decodeURIComponent(hostname) || (searchParams.get('host') ?? '')
  return /^(localhost|127\.0\.0\.1|\[::1\]|)$/.test(host) || host.startsWith('/')
}

/** Bytes, or undefined where they cannot be seen. A server in a container has folders that are not there here. */
const freeAt = async (data: string | null | undefined, place: string | undefined, url: string) => {
  if (!data || !isHere(url)) return undefined
  try {
    await stat(join(data, 'PG_VERSION'))
    const { bavail, bsize } = await statfs(place || data)
    return bavail * bsize
  } catch {
    return undefined
  }
}
