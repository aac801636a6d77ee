/**
 * Prepares a cluster the first time, as the image that it stands in for does, of which only what is used here is there. By its
 * second name it starts no server. As there, what is started inherits the password.
 */
export const postgresStart = `#!/bin/bash
set -eu
prepare() {
  export POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
  unset POSTGRES_PASSWORD_FILE
  [ ! -s "$PGDATA/PG_VERSION" ] || return 0
  initdb --pgdata="$PGDATA" --username=postgres --pwfile=<(echo "$POSTGRES_PASSWORD") $POSTGRES_INITDB_ARGS
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  echo "listen_addresses = '*'" >> "$PGDATA/postgresql.conf"
}
if [ "$1" = postgres ]; then prepare; fi
[ "\${0##*/}" = docker-ensure-initdb.sh ] || exec "$@"
`

/**
 * It wants what Grafana wants: to read its secrets and its provisioning, and to write into its volume. As the start script of
 * the image does, it makes a variable with the secret of one that ends in __FILE; as Grafana does, it reads files that are named
 * in values.
 */
export const grafanaStart = `#!/bin/sh
set -eu
for name in $(busybox env | busybox sed -n 's/^\\(GF_[^=]*\\)__FILE=.*/\\1/p'); do
  eval "file=\\$\${name}__FILE"
  export "$name=$(busybox cat "$file")"
  unset "\${name}__FILE"
done
for secret in "$GF_SECURITY_ADMIN_PASSWORD" "$GF_SECURITY_SECRET_KEY"; do
  case $secret in
    '$__file{'*'}') file=\${secret#*'{'}; busybox test -s "\${file%'}'}" ;;
    *) busybox test -n "$secret" ;;
  esac
done
busybox test -r /etc/grafana/provisioning/datasources/techplus.yml
busybox test -r "$GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"
busybox touch /var/lib/grafana/grafana.db
exec busybox httpd -f -p 3000 -h /srv
`
