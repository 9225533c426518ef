"""Every bench can be cancelled between its steps."""

from fractions import Fraction

import pytest

from sdk.errors import Cancelled
from sdk.progress import CancelToken
from talkstyle_lab import bench
from talkstyle_lab.bench.detectors import agreement, speeds
from talkstyle_lab.bench.styles import run_styles
from tests.sdk.tracking.conftest import write_clip


@pytest.mark.parametrize(
    "measure",
    [
        bench.run,
        lambda **options: bench.run_memory(minutes=1.1, **options),
        lambda **options: bench.run_render(frames=8, **options),
        lambda **options: speeds(["mediapipe"], frames=1, **options),
        run_styles,
    ],
    ids=["speed", "memory", "render", "detectors", "styles"],
)
def test_a_bench_is_cancelled(measure):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        measure(cancel=token)


def test_a_comparison_of_detectors_is_cancelled(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4", [Fraction(k, 20) for k in range(4)])
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        agreement("mediapipe", "mediapipe", [clip], cancel=token)
