#!/bin/sh
# Run a command with the settings of a production machine: complete, strict, with keys that live as long as the command.
set -eu

key() { head -c 32 /dev/urandom | base64 | tr '+/' '-_'; }

unset PORTAL_DEMO
export SECRET_KEY="$(key)$(key)"
export SEALING_KEYS="check:$(key)"
export INDEX_KEY="$(key)"
export AUDIT_KEYS="check:$(key)"
export DATABASE_URL="${DATABASE_URL:-postgresql://portal:unused@127.0.0.1:5432/portal}"
export REDIS_URL="redis://127.0.0.1:6379/0"
export ALLOWED_HOSTS="portal.example"
export PUBLIC_ORIGIN="https://portal.example"
export TRUSTED_PROXY_COUNT=1
export BRAND="${BRAND:-gtjai}"
export SMS_GATEWAY=http
export SMS_HTTP_URL="https://sms.example/messages"
export SMS_HTTP_TOKEN="$(key)"
export SMS_RECEIPT_SECRET="$(key)"
export EMAIL_HOST=mail.example
export EMAIL_FROM="no-reply@portal.example"
export SECURITY_MAILBOX="security@portal.example"
export AUDITOR_MAILBOX="auditor@portal.example"
export AUDIT_HEAD_DIRECTORY="${TMPDIR:-/tmp}"
export EVIDENCE_DIRECTORY="${TMPDIR:-/tmp}"

exec "$@"
