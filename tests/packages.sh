#!/bin/sh
# The programs that the tests drive: a PostgreSQL, a Redis, a browser, gettext, a token, a Chinese font, readers of PDF, a Kannel,
# Node with npm for a carrier that speaks SMPP.
# Root on Debian gets what is missing; anybody else one sentence that says what to install.
set -eu

missing=""
need() { # package, command that succeeds when it is there
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}

postgres() { command -v initdb || ls /usr/lib/postgresql/*/bin/initdb; }
chinese() { fc-list | grep -i "noto.*cjk"; }

need postgresql postgres
need redis-server command -v redis-server
need chromium-headless-shell command -v chromium-headless-shell
need gettext command -v msgfmt
need oathtool command -v oathtool
need fonts-noto-cjk chinese
need poppler-utils command -v pdftoppm
need nodejs command -v node
need npm command -v npm
need kannel test -x /usr/sbin/bearerbox
need kannel-extras test -x /usr/lib/kannel/test/fakesmsc
need python3-venv "${PYTHON:-python3}" -c "import ensurepip, venv"

[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "The tests need Debian's packages$missing: install them first." >&2
    exit 1
fi
echo "Installing$missing ..."
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # a list of words
apt-get install -y -qq --no-install-recommends $missing >/dev/null
