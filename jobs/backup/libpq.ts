/** Parameters of a URL that PostgreSQL's own programs take from their environment. */
const variables: Readonly<Record<string, string>> = {
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslpassword: 'PGSSLPASSWORD',
  channel_binding: 'PGCHANNELBINDING',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  options: 'PGOPTIONS',
  // A folder with the server's socket.
  host: 'PGHOST',
}

/** Seconds in which a connection has to be there, where its URL says nothing. */
const patience = '10'

/** They would lead elsewhere than the URL does. */
const others = [
  'PGHOSTADDR',
  'PGPORT',
  'PGUSER',
  'PGPASSWORD',
  'PGPASSFILE',
  'PGDATABASE',
  'PGSERVICE',
  'PGSERVICEFILE',
  'PGTARGETSESSIONATTRS',
  'PGREQUIRESSL',
]

interface Login {
  readonly env: Readonly<Record<string, string>>
  readonly without: readonly string[]
}

/**
 * How PostgreSQL's own programs connect to a server: by their environment, for arguments are read by every user of the
 * machine. What our own environment says of a server does not reach them. For `startProgram`.
 * @param database another than the URL's
 */
export const libpqLogin = (url: string, database?: string): Login => {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url)
  const given = {
    // An address of version 6 is in brackets in a URL, and nowhere else.
    PGHOST: hostname.replace(/^\[|\]$/g, ''),
    PGPORT: port,
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: database ?? decodeURIComponent(pathname.slice(1)),
    PGCONNECT_TIMEOUT: patience,
  }
  const named = [...searchParams].flatMap(([name, value]) => {
    const variable = variables[name]
    return variable === undefined ? [] : [[variable, value] as const]
  })
  const env = Object.fromEntries([...Object.entries(given), ...named].filter(([, value]) => value !== ''))
  return { env, without: [...others, ...Object.values(variables)].filter((name) => !(name in env)) }
}
