"""Settings shared by every deployment. Values come from FIDUCIAL_* environment variables."""

import os
import tomllib
from pathlib import Path

import dj_database_url

from fiducial.operations import logs

from . import identity

ROOT = Path(__file__).resolve().parents[3]
HOME = Path(os.environ.get("FIDUCIAL_HOME", ROOT / "var")).resolve()
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
# A folder, or s3://bucket/prefix: then arrays lie there, all else below HOME (fiducial/places.py).
_STORE = os.environ.get("FIDUCIAL_STORE", "")
OBJECTS = _STORE if _STORE.startswith("s3://") else ""
STORE = Path(HOME / "store" if OBJECTS or not _STORE else _STORE).resolve()
# How long a finished result is offered to a bucket that does not answer.
OBJECTS_PATIENCE_SECONDS = float(os.environ.get("FIDUCIAL_OBJECTS_PATIENCE_SECONDS", "300"))

SECRET_KEY = os.environ.get("FIDUCIAL_SECRET_KEY", "")
DEBUG = False
ALLOWED_HOSTS = os.environ.get("FIDUCIAL_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("FIDUCIAL_ORIGINS", "").split(",") if o]
# Where people find this portal: what mails lead to.
ADDRESS = os.environ.get(
    "FIDUCIAL_ADDRESS", (CSRF_TRUSTED_ORIGINS or ["http://localhost:8000"])[0]
).rstrip("/")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "django_htmx",
    "fiducial.accounts",
    "fiducial.trail",
    "fiducial.plans",
    "fiducial.measurements",
    "fiducial.runs",
    "fiducial.live",
    "fiducial.operate",
    "fiducial.viewer",
    "fiducial.learning",
    "fiducial.reports",
    "fiducial.audits",
    "fiducial.review",
    "fiducial.demo",
    "fiducial.api",
    "fiducial.operations",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "fiducial.operations.middleware.Noted",
    "fiducial.operations.middleware.store_away",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "fiducial.api.faults.worded",
    "django_htmx.middleware.HtmxMiddleware",
    "fiducial.accounts.preview.Middleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "fiducial.urls"
WSGI_APPLICATION = "fiducial.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
# Every form, allauth's too, is drawn by templates/django/forms.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_EMAIL_VERIFICATION = "none"
# Without a mail server, mails (a forgotten password) are printed where the portal runs.
EMAIL_HOST = os.environ.get("FIDUCIAL_EMAIL_HOST", "")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
EMAIL_PORT = int(os.environ.get("FIDUCIAL_EMAIL_PORT", "25"))
EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL = os.environ.get("FIDUCIAL_EMAIL_FROM", "fiducial@localhost")
ACCOUNT_FORMS = {"login": "fiducial.accounts.forms.SignInForm"}
ACCOUNT_ADAPTER = "fiducial.accounts.adapter.ClosedSignup"
# Passwords guessed wrong, from one address and for one account.
ACCOUNT_RATE_LIMITS = {"login_failed": "30/m/ip,5/300s/key"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Fiducial"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # nobody signs up here: addresses come with invitations
SOCIALACCOUNT_ADAPTER = "fiducial.accounts.adapter.KnownPeople"
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": identity.providers(os.environ)}}
# A link instead of a form: forms may not lead to other sites, see form-action below.
SOCIALACCOUNT_LOGIN_ON_GET = True

DATABASES = {
    "default": dj_database_url.parse(
        os.environ.get("FIDUCIAL_DATABASE_URL", f"sqlite:///{HOME / 'fiducial.sqlite3'}")
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE takes the write lock when a transaction opens: DEFERRED met
    # "database is locked" under four writers where this met none.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
    # A new connection costs PostgreSQL more than most pages ask of it.
    DATABASES["default"] |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}

# An empty address means the embedded broker: message files under HOME/broker.
BROKER_URL = os.environ.get("FIDUCIAL_BROKER_URL", "")
# What all processes of the portal count together, such as wrong passwords.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": BROKER_URL,
        "KEY_PREFIX": "fiducial",
    }
    if BROKER_URL
    else {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": HOME / "cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
if BROKER_URL:
    SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
    SESSION_CACHE_ALIAS = "sessions"
    CACHES["sessions"] = CACHES["default"] | {
        "BACKEND": "fiducial.accounts.remembered.Forgiving",
        "KEY_PREFIX": "fiducial-sessions",
    }
LEASE_SECONDS = float(os.environ.get("FIDUCIAL_LEASE_SECONDS", "60"))
HEARTBEAT_SECONDS = float(os.environ.get("FIDUCIAL_HEARTBEAT_SECONDS", "15"))
RUN_MAX_ATTEMPTS = 3
RUN_HARD_LIMIT_SECONDS = float(os.environ.get("FIDUCIAL_RUN_HARD_LIMIT_SECONDS", str(6 * 3600)))

API_PER_MINUTE = int(os.environ.get("FIDUCIAL_API_PER_MINUTE", "1200"))  # requests of one person
# How labs share the computing: docs/queue.md.
SHARE_HALF_LIFE_SECONDS = float(os.environ.get("FIDUCIAL_SHARE_HALF_LIFE_SECONDS", str(24 * 3600)))
QUEUE_SEEN_SECONDS = 2.0  # for so long pages share one reading of the queue
INTERACTIVE_SECONDS = float(os.environ.get("FIDUCIAL_INTERACTIVE_SECONDS", "600"))
INTERACTIVE_AHEAD_SECONDS = float(os.environ.get("FIDUCIAL_INTERACTIVE_AHEAD_SECONDS", "1800"))
RUNNING_PER_USER = int(os.environ.get("FIDUCIAL_RUNNING_PER_USER", "8"))
RUNNING_PER_LAB = int(os.environ.get("FIDUCIAL_RUNNING_PER_LAB", "16"))
QUEUED_PER_USER = int(os.environ.get("FIDUCIAL_QUEUED_PER_USER", "200"))
COMPUTE_HOURS = float(os.environ.get("FIDUCIAL_COMPUTE_HOURS", "1000"))  # a lab, in thirty days
STORAGE_GB = float(os.environ.get("FIDUCIAL_STORAGE_GB", "500"))  # a lab

UPLOAD_MAX_BYTES = int(os.environ.get("FIDUCIAL_UPLOAD_MAX_BYTES", str(2 * 1024**3)))
# A file that lists folders of this server to take measurements from (docs/operations.md).
WATCHED = os.environ.get("FIDUCIAL_WATCHED", "")
WATCHED_SECONDS = float(os.environ.get("FIDUCIAL_WATCHED_SECONDS", "60"))
WATCHED_MAX_BYTES = int(os.environ.get("FIDUCIAL_WATCHED_MAX_BYTES", str(100 * 1024**3)))
UPLOAD_PART_BYTES = 4 * 1024**2
UPLOAD_MAX_FILES = 2000
# Of a scan whose frames arrive one by one.
LIVE_FRAMES_AT_ONCE = 256
LIVE_BODY_BYTES = 16 * 1024**2  # of these, and a line that names them
LIVE_SILENCE_SECONDS = float(os.environ.get("FIDUCIAL_LIVE_SILENCE_SECONDS", "900"))
# What `manage.py retention --apply` lets go, in days; 0 keeps it for ever.
KEEP_UNFINISHED_DAYS = float(os.environ.get("FIDUCIAL_KEEP_UNFINISHED_DAYS", "0"))
KEEP_RESULTS_DAYS = float(os.environ.get("FIDUCIAL_KEEP_RESULTS_DAYS", "0"))
INGEST_MEMORY_BYTES = int(os.environ.get("FIDUCIAL_INGEST_MEMORY_BYTES", str(4 * 1024**3)))
INGEST_SECONDS = 300
INGEST_MAX_LOSSES = 3

# With less room than this on the disk of the store, the portal says that it is not ready.
FREE_FLOOR_BYTES = int(os.environ.get("FIDUCIAL_FREE_FLOOR_BYTES", str(2 * 1024**3)))

# What Prometheus sends as its bearer token; without one there is no /metrics.
METRICS_TOKEN = os.environ.get("FIDUCIAL_METRICS_TOKEN", "")

LOGGING = logs.configuration(logs.Plain)

LANGUAGE_CODE = "en-gb"
USE_I18N = False  # one language: no page needs to look translations up
DATE_FORMAT, DATETIME_FORMAT = "j M Y", "j M Y, H:i"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = Path(os.environ.get("FIDUCIAL_STATIC_ROOT", HOME / "static"))
STATICFILES_DIRS = [ROOT / "templates" / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "fiducial.viewer.finders.PlotlyFinder",
]

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        # Plotly places its labels with style attributes; scripts stay strict.
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
    }
}
