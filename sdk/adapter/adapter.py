"""From a reference to a style pack."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from typing import Any

import torch

from sdk import defaults
from sdk.adapter.config import FitConfig
from sdk.adapter.fit import Fitted, fit_material
from sdk.adapter.fit_data import FitData, paired_data, unpaired_data
from sdk.data import FloatArray, Motion
from sdk.device import resolve_device
from sdk.errors import ConfigError
from sdk.generation import check_pair, generate
from sdk.interfaces import AudioEncoder, LandmarkDetector, MotionGenerator, StyleTransferNet
from sdk.media import AudioInput, ImageInput, MediaInput
from sdk.packs import StylePack
from sdk.packs.terms import check_push
from sdk.progress import CancelToken, ProgressCallback, Reporter
from sdk.registry import resolve
from sdk.tracking import FaceSelector
from sdk.warnings import warn

__all__ = ["StyleAdapter", "adapt"]


class StyleAdapter:
    """Learns styles. Components are loaded once; ``fit`` can be called many times, from one thread at a time.

    Args:
        encoder: An audio encoder, or its name.
        detector: A landmark detector, or its name.
        generator: A motion generator, or its name; it is never changed.
        net: A style transfer net f, or its name; it is never changed.
        device: ``"auto"``, or any name that torch knows.
        config: Settings of the fits.

    Raises:
        PluginError: A component cannot be had.
        DeviceError: The device is not there.
        ConfigError: Encoder and generator do not fit together.
    """

    def __init__(
        self,
        *,
        encoder: str | AudioEncoder | None = None,
        detector: str | LandmarkDetector = defaults.DETECTOR,
        generator: str | MotionGenerator = defaults.GENERATOR,
        net: str | StyleTransferNet = defaults.NET,
        device: str | torch.device = "auto",
        config: FitConfig | None = None,
    ) -> None:
        self.device = resolve_device(device)
        self.config = config or FitConfig()
        self.generator: Any = resolve("motion-generator", generator).to(self.device).eval()
        self.net: Any = resolve("style-transfer-net", net).to(self.device)
        self.encoder: AudioEncoder = resolve("audio-encoder", encoder or self.generator.encoder)
        self.detector: LandmarkDetector = resolve("landmark-detector", detector)
        self.last: Fitted | None = None
        if self.encoder.width != self.generator.features or self.encoder.name != self.generator.encoder:
            raise ConfigError(
                f"the generator {self.generator.name!r} was trained on {self.generator.features} features of the "
                f"encoder {self.generator.encoder!r}, and {self.encoder.name!r} gives {self.encoder.width}",
                where="StyleAdapter",
                hint=f"Use encoder={self.generator.encoder!r}, or a generator trained on {self.encoder.name!r}.",
            )
        check_pair(self.generator, self.encoder)

    def fit(
        self,
        reference: MediaInput | None = None,
        /,
        *,
        audio: AudioInput | None = None,
        images: Sequence[ImageInput] | MediaInput | None = None,
        name: str | None = None,
        summary: str = "",
        license: str | None = None,  # noqa: A002 the field's own name
        consent: str | None = None,
        face: FaceSelector = None,
        seed: int = 0,
        rank: int | None = None,
        push_to: str | None = None,
        on_progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        resume: str | os.PathLike[str] | None = None,
    ) -> StylePack:
        """Learn a style.

        A clip given first is **paired**: its own sound, or ``audio``, is what the person in it is saying. ``images``
        (stills, or a silent video) with ``audio`` is **unpaired**: any speech, and how the person looks in talking.

        Args:
            reference: A video, 2 s or longer.
            audio: A sound, or a file that has one.
            images: Pictures, or a video whose sound is not wanted.
            name: What to call the style; "style" where left out.
            summary: A sentence about it, for the pack.
            license: The licence of the pack, as an SPDX identifier.
            consent: Who agreed that this person's style is used, and to what.
            face: Which face, where there are several: ``"largest"``, an index, or a box in pixels.
            seed: The same seed and input give the same pack, bit for bit, on one machine.
            rank: Keep only so much of the style, in half precision: at 8 a pack of the default generator has about
                130 KB. Where that loses too much of a paired fit, the factors go on learning. What is kept stands in
                ``config.compression``.
            push_to: A repository on the Hugging Face Hub, ``org/name``, to put the pack in; it needs ``license`` and
                ``consent``.
            on_progress: Called between steps.
            cancel: Stops the work between steps.
            checkpoint: A file to keep the fit's state in, every ``config.checkpoint_every`` steps.
            resume: A checkpoint of this very fit, to go on from.

        Returns:
            The pack, in memory, with its ``source`` where it was pushed. The pack as it was before, and what was warned
            about, are also in ``StyleAdapter.last``.

        Raises:
            InputError: The reference cannot be used; the subclass and message say why.
            StyleWithoutEffect: The fit moved nothing.
            CheckpointError: ``resume`` does not belong to this fit.
            HubError: The Hub cannot be reached or refuses; ``StyleAdapter.last.pack`` has the pack.
            Cancelled: ``cancel`` was called.
        """
        if not 0 <= seed < 2**63:
            raise ConfigError(f"seed={seed} is out of range", hint="Give a number from 0 to 2**63 - 1.")
        report = Reporter(on_progress, cancel)
        if push_to is not None:
            check_push(push_to, license=license, consent=consent)
        material = self._material(reference, audio, images, face, report)
        for message in material.warnings:
            warn(message)
        pack, self.last = fit_material(
            material,
            generator=self.generator,
            net=self.net,
            encoder=self.encoder,
            config=self.config,
            device=self.device,
            name=name or "style",
            summary=summary,
            license=license,
            consent=consent,
            seed=seed,
            rank=rank,
            report=report,
            checkpoint=checkpoint,
            resume=resume,
        )
        if push_to is not None:
            report("push")
            pack = dataclasses.replace(pack, source=pack.push(push_to))
        return pack

    def _material(
        self,
        reference: MediaInput | None,
        audio: AudioInput | None,
        images: Sequence[ImageInput] | MediaInput | None,
        face: FaceSelector,
        report: Reporter,
    ) -> FitData:
        if reference is not None and images is None:
            return paired_data(
                reference,
                audio,
                encoder=self.encoder,
                detector=self.detector,
                base=self._generate,
                config=self.config,
                face=face,
                report=report,
            )
        if reference is None and images is not None and audio is not None:
            return unpaired_data(
                images,
                audio,
                encoder=self.encoder,
                detector=self.detector,
                config=self.config,
                face=face,
                report=report,
            )
        raise ConfigError(
            "it is not clear what to learn from",
            where="reference=, audio=, images=",
            hint="Give a clip (with its own sound, or with audio=), or images= together with audio=.",
        )

    def _generate(self, features: FloatArray) -> Motion:
        return generate(self.generator, features, device=self.device)


def adapt(
    reference: MediaInput | None = None,
    /,
    *,
    audio: AudioInput | None = None,
    images: Sequence[ImageInput] | MediaInput | None = None,
    name: str | None = None,
    summary: str = "",
    license: str | None = None,  # noqa: A002 the field's own name
    consent: str | None = None,
    face: FaceSelector = None,
    seed: int = 0,
    rank: int | None = None,
    push_to: str | None = None,
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: str | os.PathLike[str] | None = None,
    encoder: str | AudioEncoder | None = None,
    detector: str | LandmarkDetector = defaults.DETECTOR,
    generator: str | MotionGenerator = defaults.GENERATOR,
    net: str | StyleTransferNet = defaults.NET,
    device: str | torch.device = "auto",
    config: FitConfig | None = None,
) -> StylePack:
    """Learn a style in one call: ``sdk.adapt("rapper.mp4", name="rap")``.

    Arguments, result and errors are those of ``StyleAdapter`` and of its ``fit``.
    """
    adapter = StyleAdapter(
        encoder=encoder, detector=detector, generator=generator, net=net, device=device, config=config
    )
    return adapter.fit(
        reference,
        audio=audio,
        images=images,
        name=name,
        summary=summary,
        license=license,
        consent=consent,
        face=face,
        seed=seed,
        rank=rank,
        push_to=push_to,
        on_progress=on_progress,
        cancel=cancel,
        checkpoint=checkpoint,
        resume=resume,
    )
