import { type Connection, connect } from '../../../../demo/database.ts'

/** A table that nobody else reads until the lock is given back. */
export const lockOf = (url: string, table: string) => {
  let holder: Connection | undefined
  return {
    take: async () => {
      holder = await connect(url)
      await holder.run(`begin; lock table ${table} in access exclusive mode`)
    },
    give: async () => {
      await holder?.close()
      holder = undefined
    },
  }
}

/** Has a server do something, over a connection of its own. */
export const run = async (url: string, sql: string): Promise<void> => {
  const administrator = await connect(url)
  await administrator.run(sql)
  await administrator.close()
}

/** A table that goes by another name until it is brought back. */
export const renaming = (url: string, table: string) => ({
  away: () => run(url, `alter table ${table} rename to ${table}_old`),
  back: () => run(url, `alter table ${table}_old rename to ${table}`),
})

/** What the service's requests read. */
export const schema = 'create table menus (name text); create table bookings (guests int)'
