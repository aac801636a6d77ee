/** The addresses of the dashboards that others lead to. They never change: links and bookmarks hold them. */
export const uids = {
  overview: 'techplus-overview',
  sla: 'techplus-sla',
  onCall: 'techplus-on-call',
  http: 'techplus-http',
  runtime: 'techplus-runtime',
  reservations: 'techplus-reservations',
  postgres: 'techplus-postgres',
  postgresQueries: 'techplus-postgres-queries',
  postgresTables: 'techplus-postgres-tables',
  postgresMaintenance: 'techplus-postgres-maintenance',
  redis: 'techplus-redis',
  jobs: 'techplus-jobs',
  security: 'techplus-security',
  stack: 'techplus-stack',
} as const
