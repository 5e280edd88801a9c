"""All settings, read from the environment through the strict readers of `portal.env`.

One file serves production, the embedded demo and the tests: only the environment differs. What each
variable means for an operator stands in docs/operate.md.
"""

import os
from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF
from kombu import Queue

from portal import carriers, env

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Mode ----------------------------------------------------------------------------------------
DEMO = env.flag("PORTAL_DEMO")  # demo clients, handset page, plain http on loopback; production refuses it
DEBUG = False
DATA_DIR = Path(env.text("DATA_DIR", str(BASE_DIR / "var")))

# --- Secrets -------------------------------------------------------------------------------------
SECRET_KEY = env.secret("SECRET_KEY")
SEALING_KEYS = env.keyring("SEALING_KEYS")
INDEX_KEY = env.key("INDEX_KEY")
AUDIT_KEYS = env.keyring("AUDIT_KEYS")

# --- Where we are reached ------------------------------------------------------------------------
PUBLIC_ORIGIN = env.text("PUBLIC_ORIGIN", "http://localhost:8000" if DEMO else None).rstrip("/")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]" if DEMO else "")
CSRF_TRUSTED_ORIGINS = [PUBLIC_ORIGIN]
# How many proxies of ours stand in front; that many entries of X-Forwarded-For, from the right, are believed.
TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", 0 if DEMO else None, low=0, high=5)
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
STAFF_PATH = "/staff/"
# The token app has a host name of its own, so that nothing of the portal can reach the keys that it keeps.
TOKEN_APP_HOST = env.text("TOKEN_APP_HOST", "").strip().lower()

# --- Applications --------------------------------------------------------------------------------
INSTALLED_APPS = [
    "portal.desk.apps.DeskAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "two_factor",
    "portal",
    "portal.audit",
    "portal.messaging",
    "portal.approvals",
    "portal.letters",
    "accounts",
    "twofactor",
    *(["portal.demo"] if DEMO else []),
]
MIDDLEWARE = [
    "portal.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.PolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "portal.middleware.TokenAppHostMiddleware",
    "portal.middleware.LanguageMiddleware",
    "portal.middleware.BodyBoundMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "portal.middleware.StaffSessionMiddleware",
    "portal.middleware.StaffAuthenticationMiddleware",
    "portal.middleware.StaffOTPMiddleware",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.shell",
            ]
        },
    }
]

# --- Database and cache --------------------------------------------------------------------------
DATABASES = {
    "default": {
        **env.database("DATABASE_URL"),
        "ATOMIC_REQUESTS": False,  # a rolled-back request must not roll back the count of a wrong code
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.secret("REDIS_URL")
WATCHED = env.watched("REDIS_URL", REDIS_URL)  # Redis behind Sentinels, or None for one that stays where it is
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": [REDIS_URL],
        "KEY_PREFIX": "portal",
        "OPTIONS": {
            "socket_connect_timeout": 0.5,
            "socket_timeout": 0.5,
            **({"pool_class": "portal.lib.sentinel.SentinelPool"} if WATCHED else {}),
        },
    },
}

# --- Languages and time --------------------------------------------------------------------------
USE_TZ = True
TIME_ZONE = "Asia/Hong_Kong"
USE_I18N = True
LANGUAGE_CODE = "zh-hant"
LANGUAGES = [("zh-hant", "繁體中文"), ("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600

# --- People and passwords ------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.Customer"
AUTHENTICATION_BACKENDS = ["accounts.backends.StaffBackend"]  # clients log in through accounts.services.login
LOGIN_URL = "two_factor:login"
LOGIN_REDIRECT_URL = "admin:index"
PASSWORD_HASHERS = [
    "accounts.hashers.PortalArgon2Hasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.validators.LengthValidator"},
    {"NAME": "accounts.validators.LettersAndDigitsValidator"},
    {"NAME": "accounts.validators.ContextWordsValidator"},
    {"NAME": "accounts.validators.KnownPasswordValidator"},
    {"NAME": "accounts.validators.HistoryValidator"},
]
IDLE_MINUTES = env.number("IDLE_MINUTES", 15, low=1, high=30)
STAFF_IDLE_MINUTES = env.number("STAFF_IDLE_MINUTES", 15, low=1, high=30)
SYSTEM_VERIFICATION = env.choice("SYSTEM_VERIFICATION", "proof", {"proof", "picture"})
TWO_FACTOR_PATCH_ADMIN = False
OTP_TOTP_ISSUER = "Portal staff"

# --- Cookies, headers ----------------------------------------------------------------------------
_SECURE = not DEMO  # the demo speaks plain http on loopback, where many programs send no secure cookie
CLIENT_COOKIE_NAME = "__Host-client" if _SECURE else "client"
RETURN_COOKIE_NAME = "__Host-return" if _SECURE else "return"
BROWSER_COOKIE_NAME = "__Host-browser" if _SECURE else "browser"
RESET_COOKIE_NAME = "__Host-reset" if _SECURE else "reset"
SESSION_COOKIE_NAME = "__Secure-staff" if _SECURE else "staff"
SESSION_COOKIE_PATH = STAFF_PATH
SESSION_COOKIE_AGE = STAFF_IDLE_MINUTES * 60
SESSION_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _SECURE
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_SAVE_EVERY_REQUEST = True
CSRF_COOKIE_NAME = "__Host-csrf" if _SECURE else "csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "portal.views.csrf_failure"
MESSAGE_STORAGE = "portal.lib.cookie_messages.LazyCookieStorage"
SECURE_SSL_REDIRECT = _SECURE
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _SECURE
SECURE_HSTS_PRELOAD = _SECURE
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "worker-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024  # of a body; and of everything but the file where one may be sent:
UPLOADS = {  # which addresses take a file, and of how many bytes
    r"^/staff/freeze-lists/\Z": 2 * 1024 * 1024,
    r"^/staff/queue/[0-9a-f-]{36}/evidence/\Z": 10 * 1024 * 1024,
    r"^/staff/accounts/customer/[0-9]{1,18}/amend-contacts/\Z": 10 * 1024 * 1024,
}
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100
FILE_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024

# --- Static files --------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MAX_AGE = 365 * 24 * 3600

# --- Brand and messages --------------------------------------------------------------------------
BRAND = env.text("BRAND", "demo")
SMS_HTTP = carriers.http()
SMS_TWILIO = carriers.twilio()
SMS_KANNEL = carriers.kannel()
SMS_SMPP = carriers.smpp(DATA_DIR)
SMS_GATEWAY = env.choice("SMS_GATEWAY", "http", {"console", "twilio", "kannel", "smpp", *SMS_HTTP})
SMS_ORIGIN_BOUND = env.flag("SMS_ORIGIN_BOUND")
SMS_COUNTRIES = carriers.countries()
SMS_BUDGETS = carriers.budgets(SMS_COUNTRIES)
SMS_BUDGETS_SHADOW = env.flag("SMS_BUDGETS_SHADOW")
SMS_ROUTES = carriers.routes(SMS_COUNTRIES)  # of a country that is not in it: SMS_GATEWAY alone
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
EMAIL_PORT = env.number("EMAIL_PORT", 25, low=1, high=65535)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.secret("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=not DEMO)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "no-reply@portal.invalid")
SECURITY_MAILBOX = env.text("SECURITY_MAILBOX", "security@portal.invalid" if DEMO else "")
AUDITOR_MAILBOX = env.text("AUDITOR_MAILBOX", "auditor@portal.invalid" if DEMO else "")
# Sealed files of proposals. Never below a folder that a web server shows; every web and worker host sees the same.
EVIDENCE_DIRECTORY = env.text("EVIDENCE_DIRECTORY", str(DATA_DIR / "evidence") if DEMO else "")
AUDIT_HEAD_DIRECTORY = env.text("AUDIT_HEAD_DIRECTORY", str(DATA_DIR / "audit-heads") if DEMO else "")

# --- Retention: how long what is kept; compliance confirms each ----------------------------------
# Spent challenges, which hold a keyed digest of the code and nothing else of it.
RETENTION_CHALLENGES = timedelta(hours=env.number("RETENTION_CHALLENGES_HOURS", 24, low=1, high=720))
# What finds the number of a message; the masked number and its fate stay. Never shorter than receipts may come.
RETENTION_NUMBERS = timedelta(days=env.number("RETENTION_NUMBERS_DAYS", 90, low=4, high=3650))
# Tries to log in, and the reports on them. Never shorter than a browser is known by its last login.
RETENTION_SIGN_INS = timedelta(days=env.number("RETENTION_SIGN_INS_DAYS", 730, low=180, high=7305))
# Proposals with their evidence, letters, and the audit trail: seven years.
RETENTION_EVIDENCE = timedelta(days=env.number("RETENTION_EVIDENCE_DAYS", 2557, low=365, high=7305))
RETENTION_LETTERS = timedelta(days=env.number("RETENTION_LETTERS_DAYS", 2557, low=365, high=7305))
RETENTION_AUDIT = timedelta(days=env.number("RETENTION_AUDIT_DAYS", 2562, low=365, high=7305))

# --- Celery: only nudges travel here; each value was tried with a dead and with a frozen broker -----------
CELERY_BROKER_URL = WATCHED.broker_url if WATCHED else REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_BACKEND = None
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TASK_DEFAULT_QUEUE = "portal"
# Codes have a queue of their own: a worker for it alone has slots that no notice ever takes, and a worker for both
# empties it first. A worker without -Q serves both.
CELERY_TASK_QUEUES = [Queue("codes"), Queue("portal")]
CELERY_TIMEZONE = TIME_ZONE
CELERY_BROKER_TRANSPORT_OPTIONS = {
    **({"master_name": WATCHED.master, "sentinel_kwargs": {"socket_timeout": 0.5}} if WATCHED else {}),
    "queue_order_strategy": "priority",  # in the order of the list
    "socket_connect_timeout": 0.5,
    "socket_timeout": 0.5,
    "retry_on_timeout": False,
    "max_retries": 0,
    "visibility_timeout": 60,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
}

# --- Observability -------------------------------------------------------------------------------
METRICS_DIR = env.text("METRICS_DIR", "")  # several processes of one host share their figures here
if METRICS_DIR:
    Path(METRICS_DIR).mkdir(parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = METRICS_DIR  # read by prometheus_client at import
METRICS_ADDRESS = env.text("METRICS_ADDRESS", "127.0.0.1:9108")
WORKER_METRICS_ADDRESS = env.text("WORKER_METRICS_ADDRESS", "")  # for a host that runs workers and no web server
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", {"DEBUG", "INFO", "WARNING", "ERROR"})
LOGGING_CONFIG = "portal.logs.configure"
LOGGING = {"level": LOG_LEVEL}
SILENCED_SYSTEM_CHECKS: list[str] = []
