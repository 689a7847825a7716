"""Rows that are written once and then kept as they are: the trail, and what people decided."""

from typing import Any, NoReturn

from django.db import models


class KeptRows(models.QuerySet[Any]):
    """No query changes or removes them."""

    def update(self, **_: Any) -> NoReturn:
        raise TypeError(f"{self.model.__name__} is append-only: its rows are never changed.")

    def delete(self) -> NoReturn:
        raise TypeError(f"{self.model.__name__} is append-only: its rows are never deleted.")


class Kept(models.Model):
    """A row that is never changed or deleted (TypeError)."""

    objects = KeptRows.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError(f"{type(self).__name__} is append-only: its rows are never changed.")
        super().save(*args, **kwargs)

    def delete(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is append-only: its rows are never deleted.")
