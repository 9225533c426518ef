import numpy as np

from sdk.animation.stages.idle import IdleHead
from sdk.data import Motion


def still(frames):
    return Motion(np.zeros((frames, 68, 3)), np.zeros((frames, 6)))


def test_small_slow_and_living():
    for seed in range(5):
        pose = IdleHead(seed).push(still(60 * 120)).pose
        degrees = np.degrees(pose[:, :3])
        assert (degrees.std(axis=0) > 0.4).all()
        assert (degrees.std(axis=0) < 3.0).all()
        assert np.abs(degrees).max() < 10
        assert np.abs(pose[:, 3:]).max() < 0.05
        # Alive in every ten seconds, and never quick.
        assert all(np.ptp(stretch[:, :2]) > 0.5 for stretch in np.split(degrees, 12))
        assert np.abs(np.diff(degrees, axis=0)).max() * 60 < 14


def test_it_begins_at_the_portraits_own_pose():
    pose = IdleHead(0).push(still(60)).pose
    assert (pose[0] == 0).all()
    assert np.abs(pose[:6]).max() < 2e-3


def test_it_gives_way_to_the_generators_own_motion():
    time = np.arange(60 * 60) / 60
    strong = np.zeros((len(time), 6), np.float32)
    strong[:, 1] = 0.15 * np.sin(2 * np.pi * 0.8 * time)
    added = IdleHead(0).push(Motion(np.zeros((len(time), 68, 3)), strong)).pose - strong
    alone = IdleHead(0).push(still(len(time))).pose
    assert added[300:, 0].std() < 0.3 * alone[300:, 0].std()


def test_it_comes_back_without_a_jump():
    time = np.arange(60 * 20) / 60
    pose = np.zeros((len(time), 6), np.float32)
    pose[:600, 1] = 0.15 * np.sin(2 * np.pi * 0.8 * time[:600])
    added = IdleHead(0).push(Motion(np.zeros((len(time), 68, 3)), pose)).pose - pose
    assert np.abs(np.diff(added, axis=0)).max() < np.radians(0.25)
    assert np.abs(added[900:, :2]).max() > np.radians(0.5)


def test_seeds_and_cuts():
    random = np.random.default_rng(0)
    motion = Motion(np.zeros((500, 68, 3)), 0.0005 * random.standard_normal((500, 6)))
    whole = IdleHead(2).push(motion).pose
    pieces = IdleHead(2)
    joined = np.concatenate([pieces.push(motion[a:b]).pose for a, b in ((0, 1), (1, 200), (200, 200), (200, 500))])
    np.testing.assert_allclose(joined, whole, atol=1e-7)
    assert np.abs(IdleHead(3).push(motion).pose - whole).max() > 0.005
