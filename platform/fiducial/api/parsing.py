"""What a program sends, read so that every text in it can be kept by every database."""

from typing import Any

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.errors import HttpError
from ninja.parser import Parser

NO_JSON = "The body is not JSON. Send what openapi.json describes."
NUL = "Text cannot hold the character NUL or half a surrogate pair; leave it out."


class Texts(Parser):
    """Refuses what PostgreSQL would not take, where SQLite would."""

    def parse_body(self, request: HttpRequest) -> Any:
        try:
            body = super().parse_body(request)
        except ValueError as fault:
            raise HttpError(400, NO_JSON) from fault
        _refuse_unkeepable(body)
        return body

    def parse_querydict(
        self, data: MultiValueDict, list_fields: list[str], request: HttpRequest
    ) -> Any:
        query = super().parse_querydict(data, list_fields, request)
        _refuse_unkeepable(query)
        return query


def _refuse_unkeepable(value: Any) -> None:
    """HttpError (400) where a text in `value`, however deep, holds what cannot be kept."""
    if isinstance(value, dict):
        _refuse_unkeepable([*value.keys(), *value.values()])
    elif isinstance(value, list):
        for one in value:
            _refuse_unkeepable(one)
    elif isinstance(value, str):
        lone = any("\ud800" <= letter <= "\udfff" for letter in value)
        if "\x00" in value or lone:
            raise HttpError(400, NUL)
