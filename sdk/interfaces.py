"""The five components that plugins provide, as Protocols.

Networks are ``torch.nn.Module``s, and their tensors are float32 with a batch axis first; all else is NumPy. Importing
this module imports no torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from numpy.typing import NDArray

from sdk.data import Audio, FloatArray, Image, Landmarks, Motion, Portrait

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import Tensor

__all__ = [
    "AudioEncoder",
    "FeatureStream",
    "GeneratorState",
    "LandmarkDetector",
    "MotionGenerator",
    "Renderer",
    "StyleTransferNet",
]

GeneratorState: TypeAlias = Any
"""What a motion generator keeps from one chunk to the next; opaque to all others."""


class FeatureStream(Protocol):
    """Features of a sound that arrives in pieces: joined, they equal ``encode`` of the whole."""

    def push(self, samples: FloatArray) -> FloatArray:
        """Take samples ``[N]`` at the encoder's sample rate; return the features that are now certain, ``[t, D]``."""

    def finish(self) -> FloatArray:
        """Return the features that remain, ``[t, D]``. The stream takes nothing after this."""


@runtime_checkable
class AudioEncoder(Protocol):
    """Turns sound into features at the motion rate.

    Attributes:
        name: The component's name, which packs record.
        version: Raised when the same sound would give other features.
        sample_rate: Samples a second of its input.
        width: Features in a frame, D.
        lookahead: Seconds of sound after a frame's own time that its features depend on.
    """

    name: str
    version: str
    sample_rate: int
    width: int
    lookahead: float

    def fingerprint(self) -> str:
        """The sha256 (hex) of its statistics or weights, which packs record."""

    def encode(self, audio: Audio) -> FloatArray:
        """Encode a whole sound.

        Args:
            audio: At ``sample_rate``; another rate raises ``InputError``.

        Returns:
            float32 ``[T, D]``, T = ceil(60 * duration), frame ``k`` for the sound at ``k / 60`` seconds.
        """

    def stream(self) -> FeatureStream:
        """Begin a sound that arrives in pieces."""


@runtime_checkable
class LandmarkDetector(Protocol):
    """Finds faces and their landmarks.

    Attributes:
        name: The component's name.
        depth: Whether z is measured; if not, z is zero.
    """

    name: str
    depth: bool

    def detect(self, images: Sequence[Image]) -> list[list[Landmarks]]:
        """Find the faces in each picture.

        Args:
            images: uint8 ``[H, W, 3]`` each, sRGB; sizes may differ. Each is processed on its own, without memory of
                the others.

        Returns:
            For each picture its faces, largest first, which may be none.
        """


class MotionGenerator(Protocol):
    """An ``nn.Module`` that turns audio features into motion; a style re-weights its parameters.

    It is causal: output ``k`` of a sequence describes the frame ``k - lookahead``, so the first ``lookahead`` outputs
    mean nothing. ``sdk.generation`` feeds it past the end and drops those, for whole files and for streams.

    Attributes:
        name: The component's name, which packs record.
        version: Raised when its layout or weights change.
        features: The width D of its input.
        encoder: The name of the audio encoder that it was trained with.
        lookahead: Frames (at 60 Hz) of features that it needs past the frame it describes.

    It may also have ``encoder_sha256``, that encoder's fingerprint: an encoder with another one is then refused. And
    ``last_layer``, the name of a submodule with ``weight`` ``[210, N]`` or ``[210, N, 1]`` and ``bias`` ``[210]``, in
    whose parameters its motion is linear, its outputs in order: expression, then pose. Fits then solve for that layer.

    Styles are put on copies of it, made by ``copy.deepcopy``, that share its buffers: it can be copied, and a run in
    ``eval`` mode changes no buffer.
    """

    name: str
    version: str
    features: int
    encoder: str
    lookahead: int

    def __call__(self, features: Tensor, state: GeneratorState | None = None) -> tuple[Tensor, Tensor, GeneratorState]:
        """Generate motion.

        Args:
            features: float32 ``[B, T, D]``.
            state: The state that the call on the preceding stretch returned; None at the beginning.

        Returns:
            ``expression`` ``[B, T, 68, 3]``, ``pose`` ``[B, T, 6]`` (units as in ``Motion``), and the next state. A
            sequence in one call or in several gives the same motion within float32 rounding.
        """

    def named_parameters(self) -> Iterator[tuple[str, torch.nn.Parameter]]: ...  # noqa: D102 nn.Module's own
    def state_dict(self) -> dict[str, Tensor]: ...  # noqa: D102 nn.Module's own
    def to(self, device: torch.device) -> MotionGenerator: ...  # noqa: D102 nn.Module's own
    def train(self, mode: bool = True) -> MotionGenerator: ...  # noqa: D102 nn.Module's own
    def eval(self) -> MotionGenerator: ...  # noqa: D102 nn.Module's own


class StyleTransferNet(Protocol):
    """An ``nn.Module``: the paper's f, here ``style_net``, whose features the transfer loss compares.

    Attributes:
        name: The component's name.
        version: Raised when its layout or initialisation changes.
    """

    name: str
    version: str

    def __call__(self, phi: Tensor) -> Tensor:
        """Map composed landmarks float32 ``[B, T, 204]`` (in the loss's own units) to features ``[B, T, 256]``."""

    def named_parameters(self) -> Iterator[tuple[str, torch.nn.Parameter]]: ...  # noqa: D102 nn.Module's own
    def state_dict(self) -> dict[str, Tensor]: ...  # noqa: D102 nn.Module's own
    def to(self, device: torch.device) -> StyleTransferNet: ...  # noqa: D102 nn.Module's own


@runtime_checkable
class Renderer(Protocol):
    """Turns motion into pictures of one portrait.

    Attributes:
        name: The component's name.

    One that shows ``portrait.teeth`` has ``shows_teeth = True``; with another one, teeth raise a warning. One that can
    tell has ``region(prepared)``: the box ``(left, top, right, bottom)``, whole pixels, outside which no frame differs
    from the portrait.
    """

    name: str

    def prepare(self, portrait: Portrait) -> Any:
        """Compute once what all frames of a portrait share; the result is opaque and can be used many times."""

    def render(self, prepared: Any, motions: Iterable[Motion]) -> Iterator[NDArray[np.uint8]]:
        """Render motion that arrives in pieces.

        Args:
            prepared: What ``prepare`` returned.
            motions: Pieces of one motion, already at the video's frame rate.

        Yields:
            One picture a frame, of the portrait's size: uint8 ``[H, W, 3]``, or ``[H, W, 4]`` if it has alpha.
        """
