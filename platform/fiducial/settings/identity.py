"""Identity providers that people may sign in through, from FIDUCIAL_OIDC_* variables."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured


def providers(environ: Mapping[str, str]) -> list[dict[str, Any]]:
    """What allauth needs to know of each provider that FIDUCIAL_OIDC names ("institute,orcid").

    Of each: FIDUCIAL_OIDC_<NAME>_URL, _CLIENT_ID and _SECRET, and _TITLE for its button.
    ImproperlyConfigured where one of the first three is missing.
    """
    names = [name.strip() for name in environ.get("FIDUCIAL_OIDC", "").split(",")]
    return [_provider(name, environ) for name in names if name]


def _provider(name: str, environ: Mapping[str, str]) -> dict[str, Any]:
    prefix = f"FIDUCIAL_OIDC_{name.upper()}"
    for wanted in ("URL", "CLIENT_ID", "SECRET"):
        if not environ.get(f"{prefix}_{wanted}"):
            raise ImproperlyConfigured(
                f"Set {prefix}_{wanted}, or take {name} out of FIDUCIAL_OIDC."
            )
    return {
        "provider_id": name,
        "name": environ.get(f"{prefix}_TITLE", name),
        "client_id": environ[f"{prefix}_CLIENT_ID"],
        "secret": environ[f"{prefix}_SECRET"],
        "settings": {"server_url": environ[f"{prefix}_URL"], "oauth_pkce_enabled": True},
    }
