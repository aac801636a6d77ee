/** Prepares a cluster the first time, as the image that it stands in for does, of which only what is used here is there. */
export const postgresStart = `#!/bin/bash
set -eu
if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --pgdata="$PGDATA" --username=postgres --pwfile="$POSTGRES_PASSWORD_FILE" $POSTGRES_INITDB_ARGS
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  echo "listen_addresses = '*'" >> "$PGDATA/postgresql.conf"
fi
exec "$@"
`

/** It wants what Grafana wants: to read its secrets and its provisioning, and to write into its volume. */
export const grafanaStart = `#!/bin/sh
set -eu
busybox test -s "$GF_SECURITY_ADMIN_PASSWORD__FILE"
busybox test -s "$GF_SECURITY_SECRET_KEY__FILE"
busybox test -r /etc/grafana/provisioning/datasources/techplus.yml
busybox test -r "$GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"
busybox touch /var/lib/grafana/grafana.db
exec busybox httpd -f -p 3000 -h /srv
`
