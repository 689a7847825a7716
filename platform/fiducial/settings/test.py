"""What the suite runs under; FIDUCIAL_DATABASE_URL and FIDUCIAL_BROKER_URL choose the back ends."""

import os
import tempfile
from urllib.parse import urlsplit

# Test processes run side by side; each has a home and a database of Redis
# of its own, which what it starts shares.
PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "main")
if os.environ.get("FIDUCIAL_TEST_PROCESS") != PROCESS:
    os.environ["FIDUCIAL_TEST_PROCESS"] = PROCESS
    os.environ["FIDUCIAL_HOME"] = tempfile.mkdtemp(prefix="fiducial-test-")
    if os.environ.get("FIDUCIAL_BROKER_URL") and PROCESS.startswith("gw"):
        redis = urlsplit(os.environ["FIDUCIAL_BROKER_URL"])
        os.environ["FIDUCIAL_BROKER_URL"] = redis._replace(path=f"/{PROCESS[2:]}").geturl()

from .base import *  # noqa: E402, F403
from .base import STATIC_ROOT  # noqa: E402

STATIC_ROOT.mkdir(parents=True, exist_ok=True)

SECRET_KEY = "only-for-tests"
LEASE_SECONDS = 2.0
HEARTBEAT_SECONDS = 0.5
# So that pages ask the database as often with Redis as without.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
QUEUE_SEEN_SECONDS = 0.0  # tests look at once at what they did
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_USE_FINDERS = True

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file, as in use: the in-memory database that threads of a live server would share answers
    # "table is locked" at once instead of waiting its turn.
    DATABASES["default"]["TEST"] = {"NAME": HOME / "test.sqlite3"}  # noqa: F405
