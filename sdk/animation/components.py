"""What an animation is made with: components and portraits, each got ready at its first use and then kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from sdk import defaults
from sdk.data import Portrait
from sdk.interfaces import AudioEncoder, LandmarkDetector, MotionGenerator, Renderer
from sdk.registry import accepts, resolve

if TYPE_CHECKING:
    import torch

    from sdk.packs import StylePack
    from sdk.tracking import FaceSelector, PortraitInput

__all__ = ["Parts"]

KEPT: Final = 4
"""Portraits that are kept at most: they are large."""

T = TypeVar("T")
_Last: TypeAlias = OrderedDict[Hashable, T]


class Parts:
    """Loads components once, and prepares a portrait once.

    Args:
        generator: A motion generator or its name; the style's own where left out.
        encoder: An audio encoder or its name; the style's own, or else the generator's, where left out.
        renderer: A renderer or its name.
        detector: A landmark detector or its name.
        device: Where what is loaded here runs, where it takes a device.
    """

    def __init__(
        self,
        *,
        generator: str | MotionGenerator | None,
        encoder: str | AudioEncoder | None,
        renderer: str | Renderer,
        detector: str | LandmarkDetector,
        device: torch.device,
    ) -> None:
        self._generator = generator
        self._encoder = encoder
        self._renderer = renderer
        self._detector = detector
        self.device = device
        self._loaded: dict[tuple[str, str], Any] = {}
        self._faces: _Last[tuple[Portrait, tuple[str, ...]]] = OrderedDict()
        self._prepared: _Last[tuple[Portrait, Any]] = OrderedDict()

    @property
    def renderer(self) -> Renderer:
        """The renderer.

        Raises:
            PluginError: It cannot be used.
        """
        renderer: Renderer = self._get("renderer", self._renderer, placed=True)
        return renderer

    @property
    def detector(self) -> LandmarkDetector:
        """The landmark detector.

        Raises:
            PluginError: It cannot be used.
        """
        detector: LandmarkDetector = self._get("landmark-detector", self._detector, placed=True)
        return detector

    def sitter(
        self,
        source: PortraitInput | Portrait,
        face: FaceSelector,
        teeth: PortraitInput | Portrait | None,
        *,
        key: Hashable = None,
    ) -> tuple[Portrait, tuple[str, ...]]:
        """Read a portrait and perhaps its teeth, with warnings; errors as for ``load_portrait`` and ``load_teeth``.

        Args:
            source: The picture.
            face: Which face, where there are several.
            teeth: Another picture of the same person.
            key: The same for the same pictures and face, to take it from the last few that were read.
        """
        if key is not None:
            return _kept(self._faces, key, lambda: self.sitter(source, face, teeth))
        from sdk.tracking import load_portrait, load_teeth

        notes: tuple[str, ...] = ()
        who = source
        if not isinstance(who, Portrait):
            who, notes = load_portrait(who, detector=self.detector, face=face)
        if teeth is None:
            return who, notes
        if isinstance(teeth, Portrait):
            return replace(who, teeth=teeth), notes
        smile, more = load_teeth(teeth, detector=self.detector)
        return replace(who, teeth=smile), (*notes, *more)

    def prepare(self, portrait: Portrait) -> Any:
        """What the renderer makes of a portrait, kept for as long as it is among the last few."""
        # The portrait is kept beside what was made of it, so that no other can get its id meanwhile.
        return _kept(self._prepared, id(portrait), lambda: (portrait, self.renderer.prepare(portrait)))[1]

    def speaker(self, pack: StylePack | None) -> tuple[MotionGenerator, AudioEncoder]:
        """The generator and the encoder that a style needs, or the base's own for None.

        Raises:
            PluginError: One of them cannot be used.
        """
        name = self._generator
        if name is None:
            name = defaults.GENERATOR if pack is None else pack.config.base.component
        generator: MotionGenerator = self._get("motion-generator", name)
        hearer = self._encoder
        if hearer is None:
            hearer = generator.encoder if pack is None else pack.config.encoder.component
        encoder: AudioEncoder = self._get("audio-encoder", hearer)
        return generator, encoder

    def _get(self, kind: str, component: Any, *, placed: bool = False) -> Any:
        """A component, on the device where it is loaded here and takes one."""
        if not isinstance(component, str):
            return resolve(kind, component)
        if (kind, component) not in self._loaded:
            config = {"device": str(self.device)} if placed and accepts(kind, component, "device") else {}
            self._loaded[kind, component] = resolve(kind, component, **config)
        return self._loaded[kind, component]


def _kept(last: _Last[T], key: Hashable, make: Callable[[], T]) -> T:
    if key not in last:
        last[key] = make()
    last.move_to_end(key)
    while len(last) > KEPT:
        last.popitem(last=False)
    return last[key]
