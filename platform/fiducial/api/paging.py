"""Every list is answered in pages: `limit` of them from `offset` on, and how many there are."""

from ninja import Field, Schema
from ninja.pagination import LimitOffsetPagination


class Pages(LimitOffsetPagination):
    """At most 200 at a time."""

    class Input(Schema):
        limit: int = Field(100, ge=1, le=200)
        offset: int = Field(0, ge=0, le=10_000_000)
