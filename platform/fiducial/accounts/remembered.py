"""Sessions remembered in Redis beside the database: most requests need not ask it for theirs."""

import logging
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

SECONDS = 60  # a session that ended while Redis was away is not believed for longer

log = logging.getLogger(__name__)


class Forgiving(RedisCache):
    """A cache that knows nothing while Redis is away: the database is asked instead."""

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """What is kept, or `default`."""
        try:
            return super().get(key, default, version)
        except RedisError:
            return default

    def has_key(self, key: str, version: int | None = None) -> bool:
        """Whether something is kept."""
        try:
            return bool(super().has_key(key, version))
        except RedisError:
            return False

    def set(
        self, key: str, value: Any, timeout: float | None = SECONDS, version: int | None = None
    ) -> None:
        """Keep `value` for a minute at most."""
        try:
            super().set(key, value, min(timeout or 0, SECONDS), version)
        except RedisError:
            log.warning("Redis does not answer: a session is not remembered")

    def delete(self, key: str, version: int | None = None) -> bool:
        """Forget; False where nothing was kept, or Redis is away."""
        try:
            return bool(super().delete(key, version))
        except RedisError:
            log.warning("Redis does not answer: a session that ended is forgotten within a minute")
            return False
