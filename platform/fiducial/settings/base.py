"""Settings shared by every deployment. Values come from FIDUCIAL_* environment variables."""

import os
from pathlib import Path

import dj_database_url

ROOT = Path(__file__).resolve().parents[3]
HOME = Path(os.environ.get("FIDUCIAL_HOME", ROOT / "var")).resolve()
STORE = Path(os.environ.get("FIDUCIAL_STORE", HOME / "store")).resolve()

SECRET_KEY = os.environ.get("FIDUCIAL_SECRET_KEY", "")
DEBUG = False
ALLOWED_HOSTS = os.environ.get("FIDUCIAL_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("FIDUCIAL_ORIGINS", "").split(",") if o]

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
    "csp",
    "django_htmx",
    "fiducial.accounts",
    "fiducial.trail",
    "fiducial.plans",
    "fiducial.measurements",
    "fiducial.runs",
    "fiducial.viewer",
    "fiducial.reports",
    "fiducial.audits",
    "fiducial.review",
    "fiducial.demo",
    "fiducial.api",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
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
DEFAULT_FROM_EMAIL = os.environ.get("FIDUCIAL_EMAIL_FROM", "fiducial@localhost")
ACCOUNT_FORMS = {"login": "fiducial.accounts.forms.SignInForm"}
ACCOUNT_ADAPTER = "fiducial.accounts.adapter.ClosedSignup"

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

# An empty address means the embedded broker: message files under HOME/broker.
BROKER_URL = os.environ.get("FIDUCIAL_BROKER_URL", "")
LEASE_SECONDS = float(os.environ.get("FIDUCIAL_LEASE_SECONDS", "60"))
HEARTBEAT_SECONDS = float(os.environ.get("FIDUCIAL_HEARTBEAT_SECONDS", "15"))
RUN_MAX_ATTEMPTS = 3
RUN_HARD_LIMIT_SECONDS = float(os.environ.get("FIDUCIAL_RUN_HARD_LIMIT_SECONDS", str(6 * 3600)))

UPLOAD_MAX_BYTES = int(os.environ.get("FIDUCIAL_UPLOAD_MAX_BYTES", str(2 * 1024**3)))
UPLOAD_PART_BYTES = 4 * 1024**2
UPLOAD_MAX_FILES = 2000
INGEST_MEMORY_BYTES = int(os.environ.get("FIDUCIAL_INGEST_MEMORY_BYTES", str(4 * 1024**3)))
INGEST_SECONDS = 300
INGEST_MAX_LOSSES = 3

LANGUAGE_CODE = "en-gb"
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
