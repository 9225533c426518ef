"""From a reference to a style pack."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any, Unpack

import numpy as np
import torch
from numpy.typing import NDArray

from sdk import defaults
from sdk.adapter.config import FitConfig
from sdk.adapter.fit import FitResult, learn
from sdk.adapter.fit_data import FitData, ReferenceReader
from sdk.adapter.loop import Setup
from sdk.adapter.options import FitOptions, start, with_options
from sdk.arguments import instance
from sdk.compatibility import check_compatible
from sdk.data import Audio, FloatArray, Motion
from sdk.device import resolve_device
from sdk.errors import ConfigError
from sdk.forking import check_process
from sdk.generation import generate
from sdk.interfaces import AudioEncoder, LandmarkDetector, MotionGenerator, StyleTransferNet
from sdk.media import AudioInput, ImageInput, MediaInput
from sdk.packs import StylePack, styled, with_parameters
from sdk.progress import Reporter
from sdk.registry import resolve
from sdk.tracking import FaceSelector
from sdk.warnings import warn


class StyleAdapter:
    """Learns styles. Components are loaded once; fits can be made many times, from one thread at a time.

    Args:
        encoder: An audio encoder, or its name; the generator's own by default.
        detector: A landmark detector, or its name; loaded when a fit first needs it.
        generator: A motion generator, or its name; it is never changed.
        net: A style transfer net f, or its name; it is never changed.
        device: ``"auto"``, or any name that torch knows.
        config: Settings of the fits.

    Attributes:
        last: The result of the last fit; None before the first.

    Raises:
        PluginError: A component cannot be loaded.
        DeviceError: The device does not exist.
        ComponentMismatch: The generator was trained on another encoder.
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
        hint = "Give a FitConfig; its method recipe has some by name."
        self.config = FitConfig() if config is None else instance(config, FitConfig, "config", hint)
        self.generator: Any = styled(resolve("motion-generator", generator), device=self.device)
        self.net: Any = with_parameters(resolve("style-transfer-net", net), {}).to(self.device)
        self.encoder: AudioEncoder = resolve("audio-encoder", self.generator.encoder if encoder is None else encoder)
        self.last: FitResult | None = None
        self._detector = detector
        check_compatible(self.generator, self.encoder)

    @cached_property
    def detector(self) -> LandmarkDetector:
        """The landmark detector."""
        found: LandmarkDetector = resolve("landmark-detector", self._detector)
        return found

    @with_options
    def fit(
        self,
        reference: MediaInput | None = None,
        /,
        *,
        audio: AudioInput | None = None,
        images: Sequence[ImageInput] | MediaInput | None = None,
        face: FaceSelector = None,
        **options: Unpack[FitOptions],
    ) -> StylePack:
        """Learn a style from a clip, or from pictures and any speech.

        A clip given first is **paired**: its own sound, or ``audio``, is what the person in it is saying. ``images``
        (stills, or a silent video) with ``audio`` is **unpaired**: any speech, and how the person looks in talking.

        Args:
            reference: A video, 2 s or longer.
            audio: A sound, or a file that has one.
            images: Pictures, or a video whose sound is not wanted.
            face: Which face, where there are several: ``"largest"``, an index, or a box in pixels.
            **options: As in ``FitOptions``.

        Returns:
            The pack, in memory, with its ``source`` where it was pushed. What else came of the fit is in
            ``StyleAdapter.last``.

        Raises:
            InputError: The reference cannot be used; the subclass and message say why.
            PluginError: The detector cannot be loaded or used.
            StyleWithoutEffect: The fit moved nothing.
            CheckpointError: ``resume`` does not belong to this fit.
            HubError: The Hub cannot be reached or refuses; ``StyleAdapter.last.pack`` has the pack.
            Cancelled: ``cancel`` was called.
        """
        report = start(options)
        return self._learn(self._data(reference, audio, images, face, report), report, options)

    @with_options
    def fit_motion(
        self,
        audio: Audio,
        motion: Motion,
        /,
        *,
        valid: NDArray[np.bool_] | None = None,
        neutral: FloatArray | None = None,
        **options: Unpack[FitOptions],
    ) -> StylePack:
        """Learn a style from a sound and known motion that belongs to it, without a picture.

        The fit is paired, and takes the motion as it is: no offset between lips and sound is looked for.

        Args:
            audio: What is being said, 2 s or longer.
            motion: How the face moves, in the face frame at 60 Hz, on the sound's clock.
            valid: Which frames of the motion count, bool ``[T]``; all by default.
            neutral: The person's neutral face ``[68, 3]``, face-frame units, which figures are measured on; the
                canonical face by default.
            **options: As in ``FitOptions``.

        Returns:
            The pack, as ``fit``.

        Raises:
            InputError: The motion is not at 60 Hz, too little of it is valid, or nothing is heard in the sound.
            StyleWithoutEffect: The fit moved nothing.
            CheckpointError: ``resume`` does not belong to this fit.
            HubError: The Hub cannot be reached or refuses; ``StyleAdapter.last.pack`` has the pack.
            Cancelled: ``cancel`` was called.
        """
        report = start(options)
        instance(audio, Audio, "audio", "Give an sdk.Audio; sdk.media.read_audio makes one of a file.")
        instance(motion, Motion, "motion", "Give an sdk.Motion at 60 Hz.")
        return self._learn(self._reader(report).motion(audio, motion, valid=valid, neutral=neutral), report, options)

    @with_options
    def learn(self, data: FitData, /, **options: Unpack[FitOptions]) -> StylePack:
        """Learn a style from data that a ``ReferenceReader`` has prepared, or from a part of such data.

        Args:
            data: As ``ReferenceReader`` makes it with this adapter's encoder and generator.
            **options: As in ``FitOptions``.

        Returns:
            The pack, as ``fit``; errors are the same.
        """
        return self._learn(data, start(options), options)

    def _data(
        self,
        reference: MediaInput | None,
        audio: AudioInput | None,
        images: Sequence[ImageInput] | MediaInput | None,
        face: FaceSelector,
        report: Reporter,
    ) -> FitData:
        check_process()
        reader = self._reader(report)
        if reference is not None and images is None:
            return reader.paired(reference, audio, detector=self.detector, face=face)
        if reference is None and images is not None and audio is not None:
            return reader.unpaired(images, audio, detector=self.detector, face=face)
        raise ConfigError(
            "it is not clear what to learn from",
            where="reference=, audio=, images=",
            hint="Give a clip (with its own sound, or with audio=), or images= together with audio=.",
        )

    def _reader(self, report: Reporter) -> ReferenceReader:
        base = partial(generate, self.generator, device=self.device)
        return ReferenceReader(self.encoder, base, self.config, report)

    def _learn(self, data: FitData, report: Reporter, options: FitOptions) -> StylePack:
        check_process()
        for message in data.warnings:
            warn(message)
        setup = Setup(
            generator=self.generator,
            net=self.net,
            config=self.config,
            seed=options.get("seed", 0),
            device=self.device,
            report=report,
        )
        self.last = learn(data, setup, self.encoder, options)
        pack, push_to = self.last.pack, options.get("push_to")
        if push_to is not None:
            report("push")
            pack = dataclasses.replace(pack, source=pack.push(push_to))
        return pack


@with_options
def adapt(
    reference: MediaInput | None = None,
    /,
    *,
    audio: AudioInput | None = None,
    images: Sequence[ImageInput] | MediaInput | None = None,
    face: FaceSelector = None,
    encoder: str | AudioEncoder | None = None,
    detector: str | LandmarkDetector = defaults.DETECTOR,
    generator: str | MotionGenerator = defaults.GENERATOR,
    net: str | StyleTransferNet = defaults.NET,
    device: str | torch.device = "auto",
    config: FitConfig | None = None,
    **options: Unpack[FitOptions],
) -> StylePack:
    """Learn a style in one call: ``sdk.adapt("rapper.mp4", name="mine")``.

    Arguments, result and errors are those of ``StyleAdapter`` and of its ``fit``.
    """
    adapter = StyleAdapter(
        encoder=encoder, detector=detector, generator=generator, net=net, device=device, config=config
    )
    return adapter.fit(reference, audio=audio, images=images, face=face, **options)
