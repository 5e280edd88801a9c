#!/bin/sh
# Run a command with DATABASE_URL set to a throwaway PostgreSQL, which is gone afterwards.
# It listens on a unix socket in a folder of its own and nowhere else.
set -eu

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb)")
folder=$(mktemp -d "${TMPDIR:-/tmp}/portal-postgres.XXXXXX")
server() { "$@"; }
if [ "$(id -u)" = 0 ]; then # initdb refuses root
    chown postgres "$folder"
    server() { (cd "$folder" && runuser -u postgres -- "$@"); }
fi

stop() {
    server "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT TERM HUP

server "$bin/initdb" -D "$folder/data" -U portal -A trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
# Nothing here has to survive a power cut, and a hundred parallel logins want their connections.
server "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w -s start -o \
    "-k $folder -c listen_addresses= -c fsync=off -c full_page_writes=off -c max_connections=300" ||
    { cat "$folder/log" >&2; exit 1; }
server "$bin/createdb" -h "$folder" -U portal portal

DATABASE_URL="postgresql:///portal?host=$folder&user=portal" "$@"
