"""Every address the portal answers, as the URL resolver knows them: pages and API alike."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
GIVEN = ("api-1:openapi-json", "api-1:api-root")  # ninja answers any method alike
BROWSER = METHODS[:2]  # allauth's pages take PUT as POST and lead away from the rest


class Route(NamedTuple):
    path: str  # as in the matrix: "/runs/<uuid:pk>/"
    view: str  # as `reverse` takes it: "runs:run"
    parameters: tuple[str, ...]

    @property
    def methods(self) -> tuple[str, ...]:
        """What is asked of it."""
        if self.view in GIVEN:
            return ("GET",)
        return BROWSER if self.path.startswith("/account/") else METHODS


def every() -> dict[str, Route]:
    """The routes by their path."""
    return {route.path: route for route in _walk(get_resolver(), "/", "", ())}


def _walk(
    resolver: URLResolver, path: str, namespace: str, parameters: tuple[str, ...]
) -> Iterator[Route]:
    for one in resolver.url_patterns:
        here = path + _words(one)
        known = (*parameters, *_parameters(one))
        if isinstance(one, URLResolver):
            inner = f"{namespace}{one.namespace}:" if one.namespace else namespace
            yield from _walk(one, here, inner, known)
        else:
            yield Route(here, f"{namespace}{one.name}", known)


def _words(one: URLPattern | URLResolver) -> str:
    if isinstance(one.pattern, RegexPattern):
        return re.sub(r"\(\?P(<\w+>).*?\)", r"\1", str(one.pattern)).strip("^$")
    return str(one.pattern)


def _parameters(one: URLPattern | URLResolver) -> tuple[str, ...]:
    if isinstance(one.pattern, RegexPattern):
        return tuple(one.pattern.regex.groupindex)
    return tuple(one.pattern.converters)
