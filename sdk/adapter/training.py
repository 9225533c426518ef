"""The fit that ships, on all of a reference, and the fits on parts of it that say how good such a fit is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdk.adapter.fit_data import FitData
from sdk.adapter.folds import folds
from sdk.adapter.gain import Gain, measure, pooled
from sdk.adapter.last_layer import match_spread, solve
from sdk.adapter.loop import Setup, Trained, run
from sdk.adapter.options import FitOptions
from sdk.device import cores
from sdk.errors import ConfigError
from sdk.generation import LastLayer, generate
from sdk.packs import with_parameters
from sdk.progress import Reporter


def train(data: FitData, setup: Setup, options: FitOptions) -> Trained:
    """Fit a generator to a reference: its timing, then how the person moves.

    In closed form, where that can be and steps are not asked for; ``instant`` takes none in any case.

    The less there is to learn from, the nearer the timing stays to the base's: what a few seconds teach is mostly their
    own words.

    Raises:
        ConfigError: ``instant`` is asked of a generator that does not name its last layer.
        CheckpointError: ``resume`` is not a checkpoint of this same fit.
        StyleWithoutEffect: The fit diverged.
    """
    setup.report("fit")
    config, instant = setup.config, options.get("instant", False)
    kept = {"checkpoint": options.get("checkpoint"), "resume": options.get("resume")}
    base = {name: value.detach() for name, value in setup.generator.named_parameters()}
    solvable = hasattr(setup.generator, "last_layer")
    if instant and not solvable:
        raise ConfigError(
            f"the generator {setup.generator.name!r} names no last layer, so no style can be solved for",
            where="instant",
            hint="Leave instant= out, or use a generator that has `last_layer`.",
        )
    if instant or (data.paired and config.solved and solvable):
        layer = LastLayer.of(setup.generator, data.features, device=setup.device)
        prior = config.solved_prior_seconds
        timed = Trained(solve(layer, data, base, prior_seconds=prior) if data.paired else base)
        if instant or config.manner_steps == 0:
            return Trained(match_spread(layer, data, timed.parameters))
    else:
        trained = run(data, setup, **kept)
        share = data.seconds / (data.seconds + config.prior_seconds)
        parameters = {name: base[name].lerp(end, share) for name, end in trained.parameters.items()}
        timed, kept = Trained(parameters, trained.history), {}
    if not data.paired or config.manner_steps == 0:
        return timed
    model = with_parameters(setup.generator, timed.parameters).eval()
    motion = generate(model, data.features, device=setup.device)
    manner = replace(setup, generator=model, config=config.model_copy(update={"steps": config.manner_steps}))
    moved = run(replace(data, paired=False, base=motion), manner, **kept)
    return Trained(moved.parameters, [*timed.history, *moved.history])


def train_and_measure(data: FitData, setup: Setup, options: FitOptions) -> tuple[Trained, Gain | None]:
    """Fit to all of a reference, and measure the same fit on parts of it; errors as of ``train``."""
    quiet = replace(setup, report=Reporter(None, options.get("cancel")))
    apart: FitOptions = {"instant": options.get("instant", False)}

    def measured(hidden: NDArray[np.bool_]) -> Gain | None:
        part = data.hiding(hidden)
        model = with_parameters(setup.generator, train(part, quiet, apart).parameters).eval()
        return measure(part, generate(model, part.features, device=setup.device))

    jobs: list[Callable[[], Any]] = [lambda: train(data, setup, options)]
    jobs += [partial(measured, hidden) for hidden in folds(data, setup.config)]
    trained, *gains = _at_once(jobs, helpers=min(cores(), len(jobs)) - 1 if setup.device.type == "cpu" else 0)
    found = [gain for gain in gains if gain is not None]
    return trained, pooled(found) if found else None


def _at_once(jobs: list[Callable[[], Any]], *, helpers: int) -> list[Any]:
    """Do jobs, the first in this thread, which alone reports and may be cancelled, the others beside it as well.

    The first error is raised once all have stopped.
    """
    results: list[Any] = [None] * len(jobs)
    errors: list[BaseException] = []
    turns: Iterator[int] = iter(range(1, len(jobs)))
    lock = threading.Lock()

    def work(first: int | None = None) -> None:
        number = first
        while not errors:
            if number is None:
                with lock:
                    number = next(turns, None)
                if number is None:
                    return
            try:
                results[number] = jobs[number]()
            except BaseException as error:
                errors.append(error)
            number = None

    threads = [threading.Thread(target=work) for _ in range(helpers)]
    for thread in threads:
        thread.start()
    work(0)
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results
