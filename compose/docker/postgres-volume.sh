#!/bin/sh
# Before anything starts: a volume with the data of another major of PostgreSQL is named, and what to do. The server itself
# would say that its files are incompatible, again and again.
set -eu
file=${PGDATA:-/var/lib/postgresql/data}/PG_VERSION
[ -e "$file" ] || exit 0
found=$(cat "$file")
wanted=$(postgres --version | sed 's/.*) \([0-9]*\).*/\1/')
[ "$found" != "$wanted" ] || exit 0
cat << END >&2
The volume postgres-data has the data of PostgreSQL $found, and the image is PostgreSQL $wanted.
To keep the data: in the checkout that made it, with docker compose up --wait postgres,
  docker compose exec -T postgres sh -c \\
    'PGPASSWORD=\$(cat /run/secrets/superuser_password) pg_dump --username=postgres --clean techplus' > techplus.sql
and, when PostgreSQL $wanted runs on a new volume, the same with psql --username=postgres techplus < techplus.sql.
To begin anew, without it: docker compose down, and docker volume rm with the name that docker volume ls shows for it.
END
exit 1
