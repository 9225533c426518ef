"""A style of its own for each item of a batch: in one pass where the layers allow it, otherwise in turn."""

import threading

import numpy as np
import pytest
import torch

from sdk.compatibility import weights_sha256
from sdk.errors import ConfigError, InputError
from sdk.generation import MotionStream, generate
from sdk.packs import StyledBatch, styled
from tests.sdk.animation.fakes import Generator as Scalar

CPU = torch.device("cpu")


class Convolutions(torch.nn.Module):
    """Every kind of layer that takes a batch of styles at once: dilated, padded, strided, pointwise, biased or not."""

    name = "convolutions"
    version = "1"
    features = 6
    encoder = "e"
    lookahead = 0

    def __init__(self) -> None:
        super().__init__()
        self.pointwise = torch.nn.Conv1d(6, 16, 1)
        self.dilated = torch.nn.Conv1d(16, 16, 3, dilation=4, padding=4, bias=False)
        self.strided = torch.nn.Conv1d(16, 12, 2, stride=2)
        self.out = torch.nn.Linear(12, 210)
        with torch.random.fork_rng():
            torch.manual_seed(3)
            for parameter in self.parameters():
                torch.nn.init.normal_(parameter, std=0.3)

    def forward(self, features, state=None):
        hidden = self.strided(torch.tanh(self.dilated(self.pointwise(features.transpose(1, 2)))))
        out = self.out(hidden.transpose(1, 2))
        return out[..., :204].unflatten(-1, (68, 3)), out[..., 204:], None


class Crosswise(Convolutions):
    """Puts time where the batch is expected."""

    def forward(self, features, state=None):
        hidden = self.strided(self.dilated(self.pointwise(features.transpose(1, 2)))).permute(2, 0, 1)
        out = self.out(hidden).transpose(0, 1)
        return out[..., :204].unflatten(-1, (68, 3)), out[..., 204:], None


class Sideways(Convolutions):
    """Uses a layer's weight without calling the layer."""

    def forward(self, features, state=None):
        hidden = self.strided(self.dilated(self.pointwise(features.transpose(1, 2))))
        out = torch.nn.functional.linear(hidden.transpose(1, 2), self.out.weight, self.out.bias)
        return out[..., :204].unflatten(-1, (68, 3)), out[..., 204:], None


class Named(Convolutions):
    """Gives a layer its input by name, which a hook does not see."""

    def forward(self, features, state=None):
        hidden = self.strided(self.dilated(self.pointwise(features.transpose(1, 2))))
        out = self.out(input=hidden.transpose(1, 2))
        return out[..., :204].unflatten(-1, (68, 3)), out[..., 204:], None


class Shared(Convolutions):
    """Two layers with one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.twin = torch.nn.Linear(12, 210)
        self.twin.weight = self.out.weight


def test_each_item_of_a_batch_has_its_own_style(generator, make_pack, features):
    one, two = make_pack(seed=1), make_pack(seed=2).compress(2)
    packs, strengths = [two, None, one], [1.0, 1.0, 0.5]
    want = [
        styled(generator, pack, strength=strength)(features[item : item + 1])[0]
        for item, (pack, strength) in enumerate(zip(packs, strengths, strict=True))
    ]
    batch = StyledBatch(generator, packs, strengths=strengths)
    whole, pose, _ = batch(features)
    first, _, state = batch(features[:, :4])
    rest, _, _ = batch(features[:, 4:], state)
    assert pose.shape == (3, 9, 6)
    assert torch.allclose(whole, torch.cat(want), atol=1e-6)
    assert torch.allclose(torch.cat([first, rest], dim=1), whole, atol=1e-6)


def test_items_of_one_style_run_together_and_come_back_in_order(generator, make_pack, features):
    one, two = make_pack(seed=1), make_pack(seed=2)
    calls = []
    generator.register_forward_hook(lambda module, given, _: calls.append(len(given[0])))
    four = features[[0, 1, 2, 0]]
    mixed, _, _ = StyledBatch(generator, [one, two, None, one])(four)
    alone, _, _ = StyledBatch(generator, [one] * 4)(four)
    assert calls == [2, 1, 1, 4]
    assert torch.allclose(mixed[[0, 3]], alone[[0, 3]], atol=1e-6)
    assert torch.allclose(mixed[2], generator(four)[0][2], atol=1e-6)
    assert not torch.allclose(mixed[1], alone[1], atol=1e-3)


@pytest.mark.parametrize("kind", ["lstm", "convolutions"])
def test_a_batch_moves_between_devices_whole(generator, make_pack, kind):
    generator = generator if kind == "lstm" else Convolutions().eval()
    batch = StyledBatch(generator, [make_pack(generator, seed=1), make_pack(generator, seed=2).compress(2)])
    batch.to(torch.device("meta"))
    assert {tensor.device.type for tensor in [*batch.parameters(), *batch.buffers()]} == {"meta"}
    assert {parameter.device for parameter in generator.parameters()} == {CPU}


def test_a_batch_of_another_size(generator, pack, features):
    with pytest.raises(InputError, match="3 items for 2"):
        StyledBatch(generator, [pack, None])(features)
    with pytest.raises(ConfigError):
        StyledBatch(generator, [pack], strengths=[1.0, 2.0])
    with pytest.raises(ConfigError):
        StyledBatch(generator, [])


@pytest.mark.parametrize("kind", ["lstm", "convolutions"])
def test_a_batch_is_called_like_the_generator(generator, make_pack, kind):
    generator = generator if kind == "lstm" else Convolutions().eval()
    pack = make_pack(generator)
    one = StyledBatch(generator, [pack])
    for key in ("name", "version", "features", "encoder", "lookahead"):
        assert getattr(one, key) == getattr(generator, key)
    features = np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32)
    want = generate(styled(generator, pack), features, device=CPU)
    np.testing.assert_allclose(generate(one, features, device=CPU).expression, want.expression, atol=1e-6)
    if kind == "lstm":
        stream = MotionStream(one, device=CPU)
        pieces = [stream.push(features[:7]), stream.push(features[7:]), stream.finish()]
        joined = np.concatenate([piece.expression for piece in pieces])
        np.testing.assert_allclose(joined, want.expression, atol=1e-5)


@pytest.mark.parametrize("kind", ["lstm", "convolutions"])
def test_threads_share_a_batch(generator, make_pack, kind):
    generator = generator if kind == "lstm" else Convolutions().eval()
    packs = [make_pack(generator, seed=1), make_pack(generator, seed=2), None]
    batch = StyledBatch(generator, packs)
    assert batch.one_pass is (kind == "convolutions")
    features = torch.randn(3, 40, 6, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        want, found = batch(features)[0], []
        run = [threading.Thread(target=lambda: found.append(batch_of(batch, features))) for _ in range(4)]
        for thread in run:
            thread.start()
        for thread in run:
            thread.join()
    assert len(found) == 4
    assert all(torch.equal(one, want) for one in found)


def batch_of(batch, features):
    with torch.no_grad():
        return [batch(features)[0] for _ in range(10)][-1]


@pytest.mark.parametrize(("kind", "one_pass"), [(Convolutions, True), (Crosswise, False), (Sideways, False)])
@pytest.mark.parametrize("ranks", [(2, 2, 2), (2, 1, 2), (2, None, 1), (None, None, None)])
def test_a_batch_in_one_pass_moves_as_its_items_do(make_pack, kind, one_pass, ranks):
    generator = kind().eval()
    before = weights_sha256(generator)
    packs = [make_pack(generator, seed=n, scale=0.3) for n in range(3)]
    packs = [pack if rank is None else pack.compress(rank) for pack, rank in zip(packs, ranks, strict=True)]
    # As many frames after the stride as items: an axis mistaken for another would not be noticed by its length.
    features = torch.randn(5, 10, 6, generator=torch.Generator().manual_seed(1))
    styles, strengths = [packs[0], packs[1], None, packs[2], packs[0]], [1.0, 0.5, 1.0, 0.8, 1.0]
    batch = StyledBatch(generator, styles, strengths=strengths)
    assert batch.one_pass is one_pass
    expression, pose, _ = batch(features)
    for item, (pack, strength) in enumerate(zip(styles, strengths, strict=True)):
        want = styled(generator, pack, strength=strength)(features[item : item + 1])
        assert torch.allclose(expression[item], want[0][0], atol=1e-4)
        assert torch.allclose(pose[item], want[1][0], atol=1e-4)
    assert weights_sha256(generator) == before
    assert not generator.out._forward_hooks


def test_what_one_pass_does_not_know_runs_in_turn(generator, make_pack):
    for base in (generator, Shared().eval(), Named().eval(), Scalar().eval()):
        assert not StyledBatch(base, [make_pack(base, seed=1), make_pack(base, seed=2)]).one_pass
