"""The whole way of a picture through the real networks, with random weights: no figure here says how well they see."""

import numpy as np
import pytest
import torch

from sdk.drawing import drawn_face
from sdk.errors import ConfigError, DeviceError, InputError

pytest.importorskip("face_alignment", reason="face-alignment is not installed")

from talkstyle_face_alignment.detector import FaceAlignmentDetector
from talkstyle_face_alignment.networks import peaks


@pytest.fixture(scope="module")
def pictures():
    """Few faces, for the networks are large: the detector here sees one in every 128 pixels."""
    face = drawn_face(256, seed=0).pixels
    return [face[64:192, 64:192], face[:128]]


@pytest.fixture(scope="module")
def found(detector, pictures):
    return detector.detect(pictures)


def test_faces_of_each_picture(found):
    assert [len(faces) for faces in found] == [1, 2]
    assert sorted(round(face.box[0]) for face in found[1]) == [14, 142]
    assert {round(face.box[2] - face.box[0]) for faces in found for face in faces} == {100}
    assert all(0.9 < face.score <= 1.0 for faces in found for face in faces)


def test_large_pictures_are_looked_at_small(detector):
    (boxes,) = detector._boxes([np.zeros((512, 1280, 3), np.uint8)])
    assert sorted(np.round(boxes[:, 2] - boxes[:, 0])) == [200] * 10
    assert sorted({round(left) for left in boxes[:, 0]}) == [28, 284, 540, 796, 1052]


def test_landmarks_are_near_their_boxes(found):
    for faces in found:
        assert [face.width for face in faces] == sorted((face.width for face in faces), reverse=True)
        for face in faces:
            assert face.depth
            side = face.box[2] - face.box[0]
            middle = (np.array(face.box[:2]) + face.box[2:]) / 2
            assert np.abs(face.points[:, :2] - middle).max() < 1.2 * side
            assert face.points[:, 2].any()


@pytest.fixture(scope="module")
def reference(random_weights):
    """The package's own whole, which loads the same files its own way."""
    import face_alignment.api as api

    urls = {"3DFAN-4": random_weights[1].url, "depth": random_weights[2].url}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api, "models_urls", urls)
        patch.setattr(api.torch.hub, "download_url_to_file", None)  # nothing is to be downloaded
        from face_alignment.detection.sfd import sfd_detector

        patch.setattr(sfd_detector, "models_urls", {"s3fd": random_weights[0].url})
        return api.FaceAlignment(api.LandmarksType.THREE_D, device="cpu", flip_input=False, compile=False)


def test_as_the_package_finds_them(found, reference, pictures):
    faces = found[1]
    boxes = [np.array([*face.box, face.score]) for face in faces]
    theirs = reference.get_landmarks_from_image(pictures[1], detected_faces=boxes)
    for face, other in zip(faces, theirs, strict=True):
        # Theirs are rounded down to whole pixels of the picture, after quarters of a heat map's cell.
        cell = 200 * (2 * 100 / 195) / 64
        gaps = np.abs(face.points[:, :2] - 0.5 - other[:, :2]).max(axis=1)
        assert np.median(gaps) < 0.5 * cell
        assert (gaps < 2.5 * cell).mean() > 0.9
        # Depth is theirs with the other sign: it is what a few points drawn elsewhere in the input change little.
        assert np.corrcoef(face.points[:, 2], -other[:, 2])[0, 1] > 0.99
        assert np.abs(face.points[:, 2] + other[:, 2]).mean() < 0.1 * np.abs(other[:, 2]).mean()


def test_the_batch_changes_nothing(detector, pictures, found):
    (alone,) = detector.detect(pictures[:1])
    for one, other in zip(alone, found[0], strict=True):
        assert np.allclose(one.points, other.points, atol=0.05)


def test_nothing_and_tiny(detector):
    assert detector.detect([]) == []
    assert isinstance(detector.detect([np.zeros((5, 9, 3), np.uint8)]), list)


@pytest.mark.parametrize("image", [np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3), np.float32)])
def test_what_is_no_picture_is_named(detector, image):
    with pytest.raises(InputError, match="image 1"):
        detector.detect([np.zeros((8, 8, 3), np.uint8), image])


@pytest.mark.parametrize("options", [{"min_confidence": -0.1}, {"batch": 0}])
def test_options_out_of_range(options):
    with pytest.raises(ConfigError, match=next(iter(options))):
        FaceAlignmentDetector(**options)


def test_a_device_that_is_not_there():
    with pytest.raises(DeviceError):
        FaceAlignmentDetector(device="quantum")


def blob(x, y, side=64, width=1.2):
    across, down = np.meshgrid(np.arange(side) + 0.5, np.arange(side) + 0.5)
    return np.exp(-((across - x) ** 2 + (down - y) ** 2) / (2 * width**2)) - 0.01


def test_points_lie_between_cells():
    places = np.random.default_rng(0).uniform(3, 61, (1, 50, 2))
    heat = torch.from_numpy(np.stack([[blob(*place) for place in places[0]]])).float()
    assert np.abs(peaks(heat).numpy() - places).max() < 0.15


def test_points_at_the_edge_and_without_heat():
    heat = torch.from_numpy(np.stack([[blob(0.5, 63.5), blob(63.5, 0.5), np.full((64, 64), -1.0)]])).float()
    (low, high, none) = peaks(heat)[0].numpy()
    assert np.abs(low - [0.5, 63.5]).max() < 1
    assert np.abs(high - [63.5, 0.5]).max() < 1
    assert tuple(none) == (0.5, 0.5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_on_a_gpu(random_weights, pictures, found):
    faces = FaceAlignmentDetector(device="cuda", flip_input=False).detect(pictures[:1])[0]
    assert np.median([np.abs(a.points - b.points) for a, b in zip(faces, found[0], strict=True)]) < 1
