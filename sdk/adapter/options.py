"""The options that every fit takes, declared once."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from inspect import cleandoc
from typing import Any, TypedDict, TypeVar

import numpy as np

from sdk.adapter.checkpoint import check_checkpoint
from sdk.arguments import whole
from sdk.errors import ConfigError
from sdk.files import check_file
from sdk.packs import check_push, check_texts
from sdk.progress import CancelToken, ProgressCallback, Reporter

_F = TypeVar("_F", bound=Callable[..., Any])


class FitOptions(TypedDict, total=False):
    """Options of ``adapt``, ``StyleAdapter.fit`` and ``StyleAdapter.fit_motion``; all may be left out.

    Attributes:
        name: What to call the style; "style" by default.
        summary: A sentence about it, for the pack.
        license: The licence of the pack, as an SPDX identifier.
        consent: Who agreed that this person's style is used, and to what.
        instant: Take no step of training, whatever the settings: a moment, once the face is found. False by default.
        seed: 0 by default. The same seed and input give the same pack, bit for bit, on one machine.
        rank: Compress the style to this rank, in half precision: at 8 a pack of the default generator has about 130 KB.
            Of several ranks, the first that keeps 95 % of the gain is taken, or else the last. Where a rank loses too
            much of a paired fit, its factors are trained further. ``config.compression`` records what is kept.
        push_to: A repository on the Hugging Face Hub, ``org/name``, to put the pack in; needs ``license`` and
            ``consent``.
        on_progress: Called between steps.
        cancel: Stops the work between steps.
        checkpoint: A file to keep the fit's state in, every ``config.checkpoint_every`` steps.
        resume: A checkpoint of this same fit, to continue from.
    """

    name: str | None
    summary: str
    license: str | None
    consent: str | None
    instant: bool
    seed: int
    rank: int | Sequence[int] | None
    push_to: str | None
    on_progress: ProgressCallback | None
    cancel: CancelToken | None
    checkpoint: str | os.PathLike[str] | None
    resume: str | os.PathLike[str] | None


def with_options(function: _F) -> _F:
    """Add the options to a function's docstring, so that ``help`` shows them."""
    if function.__doc__ and FitOptions.__doc__:
        listed = cleandoc(FitOptions.__doc__).partition("Attributes:")[2]
        function.__doc__ = f"{cleandoc(function.__doc__)}\n\nOptions:{listed}"
    return function


def ranks(options: FitOptions) -> tuple[int, ...] | None:
    """The ranks to try in turn; None if the style is not to be compressed."""
    rank = options.get("rank")
    if rank is None:
        return None
    several = isinstance(rank, Sequence | np.ndarray) and not isinstance(rank, str | bytes)
    return tuple(whole(each, "rank", low=1) for each in (rank if several else [rank]))  # type: ignore[union-attr]


def start(options: FitOptions) -> Reporter:
    """Check the options before the long work begins, and make the fit's reporter."""
    for unknown in options.keys() - FitOptions.__annotations__.keys():
        raise TypeError(f"a fit got an unexpected keyword argument {unknown!r}")
    options["seed"] = whole(options.get("seed", 0), "seed", high=2**63 - 1)
    if ranks(options) == ():
        raise ConfigError("no rank is listed", where="rank", hint="Give a rank, or several to try in turn.")
    given = {key: options.get(key) for key in ("name", "summary", "license", "consent")}
    check_texts({key: text for key, text in given.items() if text is not None})
    if (checkpoint := options.get("checkpoint")) is not None:
        check_file(checkpoint)
    if (resume := options.get("resume")) is not None:
        check_checkpoint(resume)
    push_to = options.get("push_to")
    if push_to is not None:
        check_push(push_to, license=options.get("license"), consent=options.get("consent"))
    return Reporter(options.get("on_progress"), options.get("cancel"))
