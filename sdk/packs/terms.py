"""What must be stated before a style is shared."""

from __future__ import annotations

import logging

from sdk.errors import ConfigError
from sdk.packs.config import PackConfig
from sdk.packs.location import StyleLocation

_log = logging.getLogger(__name__)


def check_push(repo_id: str, *, license: str | None, consent: str | None) -> None:  # noqa: A002 the field's name
    """Check what can be known of a push before anything is made or sent.

    Raises:
        ConfigError: No name of a repository, or no licence or consent is stated.
    """
    if StyleLocation.parse(f"hf://{repo_id}").revision is not None:
        raise ConfigError(
            "a push takes its revision apart", where=repo_id, hint='Write push("org/name", revision=...).'
        )
    given = {"license": license, "consent": consent}
    missing = [word for word, text in given.items() if not (text or "").strip()]
    if missing:
        raise ConfigError(
            f"a style that is shared states its {' and its '.join(missing)}",
            hint='Say so, as in push(..., license="cc-by-4.0", consent="my own face").',
        )


def show(config: PackConfig) -> None:
    """Log a style's licence and consent, in one line; commands show it."""
    consent = " ".join((config.consent or "not stated").split())
    _log.info("style %r: licence %s; consent: %s", config.name, config.license or "not stated", consent)
