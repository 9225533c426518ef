import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk.errors import ConfigError, NotFiniteError, PackIncompatible, PackInvalid
from sdk.packs.delta import Delta, low_rank, weighted_sum

SHAPES = {"conv.weight": (7, 3, 5), "out.weight": (9, 8), "out.bias": (9,), "scale": ()}


def full(seed, scale=1.0):
    noise = torch.Generator().manual_seed(seed)
    return Delta({f"{n}.delta": scale * torch.randn(shape, generator=noise) for n, shape in SHAPES.items()})


def thin(seed, rank):
    noise = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(shape, generator=noise)

    return Delta(
        {
            "conv.weight.A": draw(rank, 15),
            "conv.weight.B": draw(7, rank),
            "out.weight.A": draw(rank, 8),
            "out.weight.B": draw(9, rank),
            "out.bias.delta": draw(9),
            "scale.delta": draw(),
        }
    )


deltas = st.one_of(
    st.builds(full, st.integers(0, 99), st.sampled_from([1e-6, 0.02, 1.0, 50.0])),
    st.builds(thin, st.integers(0, 99), st.integers(1, 4)),
)
weights = st.floats(-4, 4, width=32)


def expected(terms, name):
    return sum(w * d.dense(name, torch.float64).flatten() for d, w in terms)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(deltas, weights), min_size=1, max_size=5))
def test_a_weighted_sum_is_exact(terms):
    total = weighted_sum(terms)
    total.forms.check_fits(SHAPES)
    for name in SHAPES:
        want, got = expected(terms, name), total.dense(name, torch.float64).flatten()
        # What rounding the factors or the sum to float32 can do, relative to the sizes of the terms.
        size = sum(abs(w) * d.dense(name, torch.float64).abs().max() for d, w in terms)
        assert (want - got).abs().max() <= 1e-6 * size + 1e-30


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.builds(full, st.integers(0, 99)), weights), min_size=2, max_size=4))
def test_whole_deltas_are_rounded_once(terms):
    total = weighted_sum(terms)
    for name in SHAPES:
        assert torch.equal(total.dense(name).flatten(), expected(terms, name).float())


def test_low_rank_sums_stay_in_low_rank_without_cross_terms():
    one, other = thin(1, 2), thin(2, 3)
    total = weighted_sum([(one, 0.7), (other, -0.4)])
    assert total.forms.kind == "low-rank"
    assert total.forms["out.weight"].rank == 5
    exact = expected([(one, 0.7), (other, -0.4)], "out.weight").reshape(9, 8)
    error = (total.dense("out.weight", torch.float64) - exact).norm() / exact.norm()
    assert error < 1e-6


@given(deltas)
def test_one_at_weight_one_is_itself(delta):
    assert weighted_sum([(delta, 1.0)]) is delta


def test_the_svd_is_the_nearest_and_exact_at_the_true_rank():
    dense = weighted_sum([(thin(3, 2), 1.0), (full(0, 0.0), 1.0)])
    assert dense.forms.kind == "full"
    small = low_rank(dense, 2)
    assert small.forms["out.weight"].rank == 2
    for name in SHAPES:
        assert torch.allclose(small.dense(name).flatten(), dense.dense(name).flatten(), atol=1e-5)
    matrix = full(4).dense("out.weight", torch.float64)
    kept = low_rank(full(4), 1).dense("out.weight", torch.float64)
    values = torch.linalg.svdvals(matrix)
    assert torch.isclose((matrix - kept).norm(), values[1:].norm(), rtol=1e-5)


def test_low_rank_leaves_whole_what_factors_would_not_shrink():
    small = low_rank(full(1), 5)
    assert small.forms["out.weight"].rank is None
    assert small.forms["out.bias"].rank is None
    small.forms.check_fits(SHAPES)
    # Already thin enough: the factors stay, for the kernel's own shape is not known from them.
    again = low_rank(thin(1, 4), 8)
    assert torch.equal(again.tensors["conv.weight.A"], thin(1, 4).tensors["conv.weight.A"])
    again.forms.check_fits(SHAPES)
    low_rank(thin(1, 4), 2).forms.check_fits(SHAPES)


@pytest.mark.parametrize("weight", [float("nan"), float("inf")])
def test_a_weight_must_be_finite(weight):
    with pytest.raises(ConfigError):
        weighted_sum([(full(1), weight)])


def test_an_overflow_is_named():
    with pytest.raises(NotFiniteError, match=r"conv\.weight"):
        weighted_sum([(full(1), 1e38), (full(1), 1e39)])
    with pytest.raises(NotFiniteError):
        full(1, 1e6).to(torch.float16)


def test_different_parameters_do_not_mix():
    other = Delta({"else.delta": torch.ones(3)})
    with pytest.raises(PackIncompatible):
        weighted_sum([(full(1), 0.5), (other, 0.5)])
    narrow = Delta({**full(2).tensors, "out.bias.delta": torch.ones(4)})
    with pytest.raises(PackIncompatible, match=r"out\.bias"):
        weighted_sum([(full(1), 0.5), (narrow, 0.5)])


@pytest.mark.parametrize(
    ("tensors", "says"),
    [
        ({}, "without"),
        ({"x": torch.ones(1)}, "neither"),
        ({"x.C": torch.ones(1)}, "neither"),
        ({"x.B": torch.ones(2, 2)}, "without x.A"),
        ({"x.A": torch.ones(2, 2)}, "do not multiply"),
        ({"x.A": torch.ones(2, 3), "x.B": torch.ones(4, 1)}, "do not multiply"),
        ({"x.A": torch.ones(2), "x.B": torch.ones(4, 2)}, "do not multiply"),
        ({"x.A": torch.ones(2, 3), "x.B": torch.ones(4, 2), "x.delta": torch.ones(4, 3)}, "both"),
        ({"x.delta": torch.ones(1), "y.delta": torch.ones(1).half()}, "dtypes"),
        ({"x.delta": torch.ones(1).double()}, "float64"),
    ],
)
def test_what_is_no_delta(tensors, says):
    with pytest.raises(PackInvalid, match=says):
        Delta(tensors)


def test_fits_names_what_does_not():
    full(1).forms.check_fits(SHAPES)
    with pytest.raises(PackIncompatible, match=r"more\.bias is missing"):
        full(1).forms.check_fits({**SHAPES, "more.bias": (1,)})
    with pytest.raises(PackIncompatible, match="scale is unknown"):
        full(1).forms.check_fits({n: s for n, s in SHAPES.items() if n != "scale"})
    with pytest.raises(PackIncompatible, match=r"out\.weight is \[9, 8\], not \[8, 9\]"):
        full(1).forms.check_fits({**SHAPES, "out.weight": (8, 9)})
    with pytest.raises(PackIncompatible):
        thin(1, 2).forms.check_fits({**SHAPES, "conv.weight": (7, 3, 6)})


def test_between_subtracts():
    base = {"w": torch.tensor([1.0, 2.0])}
    delta = Delta.between(base, {"w": torch.tensor([1.5, 2.0])})
    assert delta.tensors["w.delta"].tolist() == [0.5, 0.0]
    assert delta.norm == 0.5
    with pytest.raises(PackIncompatible):
        Delta.between(base, {"v": torch.ones(2)})
    with pytest.raises(NotFiniteError):
        Delta.between(base, {"w": torch.tensor([float("nan"), 0.0])})
