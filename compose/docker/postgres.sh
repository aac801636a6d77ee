#!/bin/sh
# The image's start script makes a variable of the superuser's password, and whoever it starts keeps that. So it prepares the
# cluster as a child, the first time only, and the server starts without.
set -eu
[ -s "$PGDATA/PG_VERSION" ] || docker-ensure-initdb.sh "$@"
exec "$@"
