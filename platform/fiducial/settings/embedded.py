"""One machine, nothing installed but Python: SQLite and an embedded broker under HOME."""

import secrets

from .base import *  # noqa: F403
from .base import HOME, STATIC_ROOT

STATIC_ROOT.mkdir(parents=True, exist_ok=True)
_key = HOME / "secret-key"
if not _key.exists():
    _key.touch(mode=0o600)
    _key.write_text(secrets.token_urlsafe(48))
SECRET_KEY = _key.read_text()
WHITENOISE_USE_FINDERS = True  # pages find their styles without a collecting step
