"""The kit itself: it passes what is sound, and names what each broken component breaks."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from sdk.data import Landmarks
from sdk.errors import ComponentBroken, ConfigError, InputError
from sdk.geometry import canonical_face
from sdk.kinds import KINDS
from sdk.testing import check, checks
from tests.sdk.fakes import LoudnessEncoder, TinyGenerator, TinyNet


def broken(base, **changes):
    """A subclass under another name for each breakage."""
    return type("Broken", (base,), changes)


def refuse(kind, component, name):
    """Run the one check whose name holds this, and return what it says."""
    (demand,) = [c for c in checks(kind) if name in c.name]
    with pytest.raises(ComponentBroken) as caught:
        demand.run(component)
    assert demand.name in caught.value.what
    return str(caught.value)


class SoundEncoder(LoudnessEncoder):
    """The fake one, with the error that the contract demands."""

    def encode(self, audio):
        if audio.rate != self.sample_rate:
            raise InputError(f"{audio.rate} Hz", where="encode")
        return super().encode(audio)


def test_a_sound_encoder_passes():
    report = check("audio-encoder", SoundEncoder())
    assert (report.kind, report.component) == ("audio-encoder", "SoundEncoder")
    assert len(report.passed) == len(checks("audio-encoder"))
    assert report.frames_per_second > 0


@pytest.mark.parametrize("lookahead", [0, 3])
def test_a_sound_generator_passes(lookahead):
    assert check("motion-generator", TinyGenerator(lookahead=lookahead)).frames_per_second > 0


def test_a_sound_net_passes():
    assert check("style-transfer-net", TinyNet()).frames_per_second > 0


class TestEncoder:
    @pytest.mark.parametrize(
        ("changes", "name", "said"),
        [
            ({"encode": None}, "float32", "NoneType"),
            ({"width": 9}, "float32", "not [0, 9]"),
            ({"width": "8"}, "attributes", "width is '8'"),
            ({"version": ""}, "attributes", "version is ''"),
            ({"lookahead": -0.1}, "attributes", "lookahead"),
            ({"fingerprint": lambda self: "ABC"}, "fingerprint", "'ABC'"),
            ({"encode": lambda self, a: SoundEncoder.encode(self, a).astype(np.float64)}, "float32", "float64"),
            ({"encode": lambda self, a: SoundEncoder.encode(self, a)[:-1]}, "float32", "gave [0, 8]"),
            ({"encode": lambda self, a: SoundEncoder.encode(self, a) * np.nan}, "float32", "NaN"),
            ({"encode": lambda self, a: SoundEncoder.encode(self, a) * 0}, "follow the sound", "constant"),
            (
                {"encode": lambda self, a: SoundEncoder.encode(self, a) + np.float32(np.random.default_rng().random())},
                "same features",
                "two calls differ",
            ),
            (
                {"encode": lambda self, a: SoundEncoder.encode(self, a)[::-1].copy()},
                "a stream gives",
                "differs most at frame",
            ),
            ({"encode": LoudnessEncoder.encode}, "another sample rate", "16001 Hz was taken"),
        ],
    )
    def test_what_is_broken_is_named(self, changes, name, said):
        assert said in refuse("audio-encoder", broken(SoundEncoder, **changes)(), name)

    def test_normalising_by_the_whole_sound_is_a_look_ahead(self):
        class Normalised(SoundEncoder):
            def encode(self, audio):
                features = super().encode(audio)
                return features / (features.std() + 1) if len(features) else features

        assert "beyond the stated 0.0 s" in refuse("audio-encoder", Normalised(), "look-ahead")


class LooksAhead(TinyGenerator):
    def forward(self, features, state=None):
        return super().forward(features.flip(1), state)


class ForgetsState(TinyGenerator):
    def forward(self, features, state=None):
        return super().forward(features, None)


class MixesBatch(TinyGenerator):
    def forward(self, features, state=None):
        return super().forward(features - features.mean(0, keepdim=True), state)


class Deaf(TinyGenerator):
    def forward(self, features, state=None):
        return super().forward(features * 0, state)


class Detached(TinyGenerator):
    def forward(self, features, state=None):
        expression, pose, state = super().forward(features, state)
        return expression.detach(), pose, state


class Unused(TinyGenerator):
    def __init__(self):
        super().__init__()
        self.spare = torch.nn.Linear(2, 2)


class Remembers(TinyGenerator):
    def forward(self, features, state=None):
        expression, pose, state = super().forward(features, state)
        state.add_(1.0)
        return expression + state.sum() * 1e-2 * len(features) + getattr(self, "drift", 0), pose, state


class Noisy(TinyGenerator):
    def forward(self, features, state=None):
        return super().forward(features + torch.randn_like(features), state)


class Flat(TinyGenerator):
    def forward(self, features, state=None):
        expression, pose, state = super().forward(features, state)
        return expression.flatten(2), pose, state


class Counts(TinyGenerator):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(()), persistent=False)

    def forward(self, features, state=None):
        self.calls += 1
        return super().forward(features, state)


class Locked(TinyGenerator):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()


class Captured(TinyGenerator):
    """Computes with its own layer on every copy of it."""

    def __init__(self):
        super().__init__()
        out = self.out
        self.leave = lambda hidden: out(hidden)

    def forward(self, features, state=None):
        hidden, state = self.gru(features, state)
        out = self.leave(hidden)
        return out[..., :204].unflatten(-1, (68, 3)), out[..., 204:], state


class Bent(TinyGenerator):
    """Does something with its last layer's outputs that is not linear."""

    last_layer = "out"

    def forward(self, features, state=None):
        expression, pose, state = super().forward(features, state)
        return torch.tanh(20 * expression) / 20, pose, state


class TestGenerator:
    @pytest.mark.parametrize(
        ("generator", "name"),
        [
            (LooksAhead(), "causal"),
            (ForgetsState(), "in pieces"),
            (MixesBatch(), "items of a batch"),
            (Deaf(), "other features another"),
            (Noisy(), "the same features"),
            (Detached(), "gradients reach every"),
            (Unused(), "gradients reach every"),
            (Flat(), "[B, T, 68, 3]"),
            (Counts(), "leaves its buffers"),
            (Locked(), "deltas on its parameters"),
            (Captured(), "deltas on its parameters"),
            (Bent(), "linear in its last layer"),
            (TinyGenerator().double(), "float32 parameters"),
            (broken(TinyGenerator, lookahead=None)(), "attributes"),
        ],
        ids=lambda value: value if isinstance(value, str) else type(value).__name__,
    )
    def test_what_is_broken_is_named(self, generator, name):
        if type(generator).__name__ == "Broken":
            generator.lookahead = 2.5
        refuse("motion-generator", generator, name)

    def test_what_is_no_module(self):
        class Plain:
            name = version = encoder = "x"
            features = lookahead = 1
            __call__ = named_parameters = state_dict = to = train = eval = lambda self: None

        with pytest.raises(ComponentBroken, match=r"not a torch\.nn\.Module"):
            check("motion-generator", Plain())


class TestNet:
    @pytest.mark.parametrize(
        ("forward", "name"),
        [
            (lambda self, phi: self.layers(phi)[..., :255], "[B, T, 256]"),
            (lambda self, phi: self.layers(phi).double(), "[B, T, 256]"),
            (lambda self, phi: self.layers(phi * 0), "others others"),
            (lambda self, phi: self.layers(phi.detach()), "gradients reach the landmarks"),
            (lambda self, phi: self.layers[0](phi).repeat(1, 1, 8), "gradients reach the landmarks and every"),
        ],
    )
    def test_what_is_broken_is_named(self, forward, name):
        refuse("style-transfer-net", broken(TinyNet, forward=forward)(), name)

    def test_a_function_of_first_order_only(self):
        class Once(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x.sin()

            @staticmethod
            @torch.autograd.function.once_differentiable
            def backward(ctx, gradient):
                return gradient * ctx.saved_tensors[0].cos()

        net = broken(TinyNet, forward=lambda self, phi: Once.apply(self.layers(phi)))()
        refuse("style-transfer-net", net, "differentiated twice")


@pytest.mark.parametrize("kind", KINDS)
def test_an_object_without_the_members_fails_first(kind):
    with pytest.raises(ComponentBroken, match="it lacks"):
        check(kind, object())
    assert len({c.name for c in checks(kind)}) == len(checks(kind))


def test_an_unknown_kind():
    with pytest.raises(ConfigError, match="no kind of component called 'painter'"):
        check("painter", object())


def test_the_error_of_the_component_is_chained():
    def forward(self, phi):
        raise ZeroDivisionError("oops")

    with pytest.raises(ComponentBroken, match="raised ZeroDivisionError: oops") as caught:
        check("style-transfer-net", broken(TinyNet, forward=forward)())
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


class Finder:
    """Finds drawn faces by their place: what stands out from the plain canvas is a square drawing."""

    name = "finder"
    depth = True

    def detect(self, images):
        return [self.faces(image) for image in images]

    def faces(self, image):
        from sdk.testing.pictures import portrait

        height, width = image.shape[:2]
        for known in ((400, 360), (256, 300), (480, 400), (512, 512)):
            drawing = portrait(*known)
            if (height, width) == known and np.array_equal(image, drawing.pixels):
                return [drawing.landmarks]
        if (height, width) != (480, 760):
            return []
        large, small = portrait(480, 480).landmarks.points, portrait(240, 240).landmarks.points
        return [Landmarks(np.add(large, [280, 0, 0])), Landmarks(np.add(small, [0, 120, 0]))]


class Copier:
    """Gives the portrait back, its mouth painted over as far as it is open."""

    name = "copier"

    def prepare(self, portrait):
        return portrait

    def render(self, prepared, motions):
        for motion in motions:
            for expression in motion.expression:
                frame = prepared.pixels.copy()
                mouth = prepared.landmarks.points[48:68, :2].astype(int)
                (left, top), (right, bottom) = mouth.min(axis=0), mouth.max(axis=0)
                if expression.any():
                    frame[top:bottom, left:right] //= 2
                yield frame if prepared.alpha is None else np.dstack([frame, prepared.alpha])


def test_a_sound_detector_and_a_sound_renderer_pass():
    assert check("landmark-detector", Finder()).frames_per_second > 0
    assert check("renderer", Copier()).frames_per_second > 0


def swap(faces):
    return [Landmarks(face.points * [-1, 1, 1] + [400, 0, 0], depth=face.depth) for face in faces]


class TestDetector:
    @pytest.mark.parametrize(
        ("changes", "name"),
        [
            ({"depth": 1}, "attributes"),
            ({"depth": False}, "depth is measured"),
            ({"faces": lambda self, image: []}, "found where it is"),
            ({"faces": lambda self, image: [Landmarks(canonical_face() * 50 + 200)]}, "no pictures give no answers"),
            ({"faces": lambda self, image: [f.points for f in Finder.faces(self, image)]}, "found where it is"),
            ({"faces": lambda self, image: swap(Finder.faces(self, image))}, "found where it is"),
            ({"faces": lambda self, image: Finder.faces(self, image)[::-1]}, "larger of two"),
            ({"faces": lambda self, image: Finder.faces(self, image)[:1]}, "larger of two"),
            ({"detect": lambda self, images: Finder.detect(self, images[:1])}, "several sizes"),
            (
                {"faces": lambda self, i: [Landmarks(f.points * [1, 1, -1]) for f in Finder.faces(self, i)]},
                "depth is measured",
            ),
        ],
    )
    def test_what_is_broken_is_named(self, changes, name):
        refuse("landmark-detector", broken(Finder, **changes)(), name)


def rendering(change):
    def render(self, prepared, motions):
        return change(Copier.render(self, prepared, motions))

    return render


def overwriting(frames):
    buffer = None
    for index, frame in enumerate(frames):
        buffer = frame if buffer is None else buffer
        buffer[...] = frame
        buffer[0, 0, 0] = index
        yield buffer


class TestRenderer:
    @pytest.mark.parametrize(
        ("render", "name"),
        [
            (rendering(lambda frames: (f[:-1] for f in frames)), "one uint8 frame"),
            (rendering(lambda frames: (f.astype(float) for f in frames)), "one uint8 frame"),
            (rendering(lambda frames: (f for f in [*frames][1:])), "one uint8 frame"),
            (rendering(lambda frames: (f[..., :3] for f in frames)), "alpha is kept"),
            (rendering(lambda frames: (255 - f for f in frames)), "zero motion"),
            (lambda self, prepared, motions: [prepared.pixels] * sum(map(len, motions)), "motion moves the"),
            (rendering(lambda frames: iter([*frames])), "it streams"),
            (rendering(overwriting), "it streams"),
        ],
    )
    def test_what_is_broken_is_named(self, render, name):
        refuse("renderer", broken(Copier, render=render)(), name)
