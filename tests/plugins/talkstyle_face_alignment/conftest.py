"""Networks with random weights, written in the published files' own formats."""

import hashlib

import numpy as np
import pytest
import torch


def published(folder, name, content):
    """Save as old torch did, under a name that ends in the beginning of the file's hash."""
    path = folder / "new"
    torch.save(content, path, _use_new_zipfile_serialization=False)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return path.replace(folder / name.format(digest[:10])).name


@pytest.fixture(scope="module")
def random_weights(tmp_path_factory):
    """A torch hub with three files, whose face detector sees four faces in everything: one in each quarter."""
    pytest.importorskip("face_alignment", reason="face-alignment is not installed")
    from face_alignment.detection.sfd.net_s3fd import s3fd
    from face_alignment.models import FAN, ResNetDepth

    from talkstyle_face_alignment import networks, weights
    from talkstyle_face_alignment.weights import WeightFile

    torch.manual_seed(0)
    hub = tmp_path_factory.mktemp("hub")
    folder = hub / "checkpoints"
    folder.mkdir()
    finder = s3fd()
    for name, parameter in finder.named_parameters():
        if name.endswith("_mbox_conf.bias"):
            # Two numbers for each anchor, the second for "face"; the largest anchors alone say so, very surely.
            parameter.data[:] = -4.0
            parameter.data[-1] = 4.0 if name.startswith("conv7_2") else -9.0
            parameter.data[0] += 0.5
        elif name.endswith(("_mbox_conf.weight", "_mbox_loc.weight")):
            parameter.data.zero_()
        elif name == "conv7_2_mbox_loc.bias":
            # Anchors are 512 pixels wide, 128 apart, and sizes are exponents of a fifth of this: 100 pixels.
            parameter.data[:] = torch.tensor([0.0, 0.0, *[np.log(100 / 512) / 0.2] * 2])
        elif "_mbox_" in name:
            parameter.data.zero_()
    depth = ResNetDepth()
    files = (
        WeightFile(published(folder, "s3fd-{}.pth", finder.state_dict()), "finder"),
        WeightFile(published(folder, "3DFAN4-{}.pth.tar", FAN(4).state_dict()), "points"),
        WeightFile(
            published(
                folder,
                "depth-{}.pth.tar",
                {
                    "epoch": 40,
                    "best_acc": np.float64(0.7),
                    "state_dict": {f"module.{key}": value for key, value in depth.state_dict().items()},
                },
            ),
            "depth",
        ),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.hub, "_hub_dir", str(hub))
        patch.delenv("TALKSTYLE_MODELS", raising=False)
        patch.setenv("TALKSTYLE_MODELS_URL", "http://127.0.0.1:9")
        patch.setattr(weights, "FILES", files)
        for name, file in zip(("S3FD", "FAN_3D", "DEPTH"), files, strict=True):
            patch.setattr(weights, name, file)
            patch.setattr(networks, name, file)
        yield files


@pytest.fixture(scope="module")
def detector(random_weights):
    from talkstyle_face_alignment.detector import FaceAlignmentDetector

    return FaceAlignmentDetector(device="cpu", flip_input=False, batch=3)
