"""Many labs, many machines: every address and secret must be given, nothing is guessed."""

import os

from django.core.exceptions import ImproperlyConfigured

from fiducial.operations import logs

from .base import *  # noqa: F403

for _name in ("SECRET_KEY", "DATABASE_URL", "BROKER_URL", "HOSTS"):
    if not os.environ.get(f"FIDUCIAL_{_name}"):
        raise ImproperlyConfigured(f"Set FIDUCIAL_{_name} before starting the facility portal.")

LOGGING = logs.configuration(logs.Json)

SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# The proxy in front says who asks; without this, everybody would count as one address.
ALLAUTH_TRUSTED_PROXY_COUNT = 1
SECURE_HSTS_SECONDS = 31_536_000
