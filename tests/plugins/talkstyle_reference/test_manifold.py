"""The projection: on what is known already nothing changes, weights sum to 1, and nothing jumps."""

import pytest
import torch

from talkstyle_reference.manifold import NEIGHBOURS, Manifold


@pytest.fixture(scope="module")
def database():
    return torch.randn(300, 24, generator=torch.Generator().manual_seed(0))


def some(count, *, seed=1):
    return torch.randn(count, 24, generator=torch.Generator().manual_seed(seed))


def by_hand(feature, database):
    """Roweis and Saul's closed form over the k nearest, hardly regularised, with the constraint as a multiplier."""
    near = (database - feature).square().sum(dim=1).argsort()[:NEIGHBOURS]
    apart = (database[near] - feature).double()
    gram = apart @ apart.T + 1e-9 * torch.eye(NEIGHBOURS)
    system = torch.ones(NEIGHBOURS + 1, NEIGHBOURS + 1, dtype=torch.float64)
    system[:NEIGHBOURS, :NEIGHBOURS], system[-1, -1] = 2 * gram, 0
    goal = torch.zeros(NEIGHBOURS + 1, dtype=torch.float64)
    goal[-1] = 1
    return (torch.linalg.solve(system, goal)[:NEIGHBOURS] @ database[near].double()).float()


def test_what_is_in_the_database_stays(database):
    torch.testing.assert_close(Manifold(database)(database[:40]), database[:40], atol=1e-2, rtol=0)


def test_it_is_nearly_the_closed_form(database):
    features = some(50)
    found = Manifold(database)(features)
    exact = torch.stack([by_hand(feature, database) for feature in features])
    assert (found - exact).norm() < 0.3 * (exact - features).norm()  # the last neighbours count less


def test_it_comes_nearer_than_the_nearest_alone(database):
    features = some(50)
    nearest = torch.cdist(features, database).amin(dim=1)
    assert ((Manifold(database)(features) - features).norm(dim=1) < nearest).all()


def test_weights_sum_to_one(database):
    # A shift of everything is then a shift of the result.
    features = some(20)
    moved = Manifold(database + 3.0)(features + 3.0)
    torch.testing.assert_close(moved - 3.0, Manifold(database)(features), atol=1e-3, rtol=0)


def test_it_does_not_jump_where_neighbours_change(database):
    # A way on which the ten nearest change many times: each small step moves the result by little.
    ends = some(2, seed=3)
    way = ends[0] + torch.linspace(0, 1, 20_001)[:, None] * (ends[1] - ends[0])
    project = Manifold(database)
    near = (torch.cdist(way, database)).topk(NEIGHBOURS, largest=False).indices.sort(dim=1).values
    changes = int((near[1:] != near[:-1]).any(dim=1).sum())
    steps = project(way).diff(dim=0).norm(dim=1)
    assert changes > 20
    assert steps.max() < 20 * steps.median()


def test_blocks_make_no_difference(database):
    features = some(1100)
    whole = Manifold(database)(features)
    torch.testing.assert_close(torch.cat([Manifold(database)(f) for f in features.split(7)]), whole, atol=1e-5, rtol=0)
    assert Manifold(database)(features[:0]).shape == (0, 24)


def test_copies_of_one_feature_give_that_feature():
    # A database that is all silence, and silence to project: every distance is 0.
    database = torch.ones(30, 4)
    torch.testing.assert_close(Manifold(database)(torch.ones(3, 4)), torch.ones(3, 4))
    assert torch.isfinite(Manifold(database)(torch.zeros(3, 4))).all()


def test_rounding_of_the_search_changes_nothing():
    # Far from the origin, squares of 10^5 leave nothing of distances of 10^-2 between neighbours.
    generator = torch.Generator().manual_seed(4)
    database = 30.0 + torch.randn(400, 64, generator=generator)
    features = 30.0 + torch.randn(300, 64, generator=generator)
    whole = Manifold(database)(features)
    one_by_one = torch.cat([Manifold(database)(feature[None]) for feature in features])
    torch.testing.assert_close(one_by_one, whole, atol=3e-4, rtol=0)
