"""The environment of every test, set before Django reads its settings (`-p tests.environment`).

Production rules, no demo. DATABASE_URL may be given from outside: the same tests run on SQLite and PostgreSQL.
"""

import os
import tempfile

_FOLDER = tempfile.mkdtemp(prefix="portal-test-")
_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE"
_GIVEN = {
    "DATABASE_URL": f"sqlite:///{_FOLDER}/portal.sqlite3",
    "REDIS_URL": "redis://127.0.0.1:1/0",  # nobody listens there: what a test needs of a broker it starts itself
}
_FIXED = {
    "PORTAL_DEMO": "0",
    "DATA_DIR": _FOLDER,
    "SECRET_KEY": "only-for-tests-only-for-tests-only-for-tests-only-for-tests-0",
    "SEALING_KEYS": f"k1:{_KEY}",
    "INDEX_KEY": _KEY,
    "AUDIT_KEYS": "a1:YXVkaXQ2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI",
    "PUBLIC_ORIGIN": "https://portal.example.com.hk",
    "ALLOWED_HOSTS": "portal.example.com.hk,testserver,localhost,127.0.0.1",
    "TRUSTED_PROXY_COUNT": "0",
    "BRAND": "demo",
    "SMS_GATEWAY": "http",
    "SMS_HTTP_URL": "http://127.0.0.1:1/messages",
    "SMS_HTTP_TOKEN": "carrier-token",
    "SMS_RECEIPT_SECRET": "receipt-secret",
    "EMAIL_HOST": "127.0.0.1",
    "EMAIL_PORT": "1",
    "EMAIL_USE_TLS": "0",
    "SECURITY_MAILBOX": "security@example.com.hk",
    "AUDITOR_MAILBOX": "auditor@example.com.hk",
    "AUDIT_HEAD_DIRECTORY": f"{_FOLDER}/audit-heads",
    "EVIDENCE_DIRECTORY": f"{_FOLDER}/evidence",
    "LOG_LEVEL": "INFO",
}
for _name, _value in _GIVEN.items():
    os.environ.setdefault(_name, _value)
os.environ.update(_FIXED)
