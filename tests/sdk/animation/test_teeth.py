"""A second picture, for the teeth: how it reaches the renderer, and what is refused."""

import numpy as np
import PIL.Image
import pytest

from sdk.animation import animate
from sdk.batch import animate_many
from sdk.batch.jobs import read_jobs
from sdk.data import Landmarks
from sdk.errors import FaceNotFound, FaceUnreliable, MediaNotFound
from sdk.geometry import canonical_face
from sdk.media import write_image
from sdk.warnings import TalkstyleWarning
from tests.sdk.animation import fakes
from tests.sdk.batch.test_runner import write_sound

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.filterwarnings("ignore:.*the face is")]

ME, SMILE, SHUT, NOBODY = (np.full((240, 320, 3), value, np.uint8) for value in (10, 20, 30, 40))


class Detector(fakes.Detector):
    """Sees a face in every picture but one, its mouth open in ``SMILE`` alone."""

    def detect(self, images):
        self.seen += len(images)
        faces = {10: [0.0], 20: [0.15], 30: [0.04], 40: []}
        return [[self._face(opening) for opening in faces[int(image[0, 0, 0])]] for image in images]

    def _face(self, opening):
        points = canonical_face() * 80 + np.array([90, 60, 0])
        points[65:68, 1] += 80 * opening
        return Landmarks(points.astype(np.float32))


class Renderer(fakes.Renderer):
    """Shows the teeth that it is given in its second row."""

    shows_teeth = True

    def prepare(self, portrait):
        pixels = super().prepare(portrait).copy()
        pixels[1] = 0 if portrait.teeth is None else portrait.teeth.pixels[0]
        return pixels


def run(renderer=None, **options):
    parts = {"generator": fakes.Generator(), "encoder": fakes.Encoder(), "renderer": renderer or Renderer()}
    return animate(ME, fakes.sound((0.2, 1)), detector=Detector(), device="cpu", **{**parts, **options})


@pytest.mark.parametrize("form", ["path", "bytes", "array", "pillow", "portrait"])
def test_the_renderer_gets_the_picture(form, tmp_path):
    write_image(tmp_path / "smile.png", SMILE)
    forms = {
        "path": lambda: tmp_path / "smile.png",
        "bytes": (tmp_path / "smile.png").read_bytes,
        "array": lambda: SMILE,
        "pillow": lambda: PIL.Image.fromarray(SMILE),
        "portrait": fakes.portrait,
    }
    teeth = forms[form]()
    if form == "portrait":  # of 64 x 48 pixels; what is done with it is the renderer's affair
        teeth = type(teeth)(SMILE, teeth.landmarks)
    assert (next(iter(run(teeth=teeth)))[1] == 20).all()
    assert (next(iter(run()))[1] == 0).all()


@pytest.mark.parametrize(
    ("teeth", "error", "match"),
    [
        (SHUT, FaceUnreliable, r"mouth is closed.*4 %.*5 %.*leave teeth= out"),
        (NOBODY, FaceNotFound, "no face"),
        ("nowhere.png", MediaNotFound, "nowhere.png"),
    ],
)
def test_what_shows_no_teeth_is_refused_before_anything_else(teeth, error, match):
    renderer = Renderer()
    with pytest.raises(error, match=match):
        run(renderer, teeth=teeth)
    assert renderer.prepared == 0


def test_the_file_is_named(tmp_path):
    write_image(tmp_path / "shut.png", SHUT)
    with pytest.raises(FaceUnreliable, match=r"shut\.png"):
        run(teeth=tmp_path / "shut.png")


def test_a_renderer_that_shows_no_teeth_is_told_of():
    with pytest.warns(TalkstyleWarning, match="'fake' makes no use of teeth="):
        run(fakes.Renderer(), teeth=SMILE)


def test_many_portraits_with_teeth(tmp_path):
    write_image(tmp_path / "me.png", ME)
    write_image(tmp_path / "smile.png", SMILE)
    write_image(tmp_path / "shut.png", SHUT)
    for name in ("x.wav", "y.wav"):
        write_sound(tmp_path / name)
    (tmp_path / "jobs.csv").write_text("portrait,audio,teeth\nme.png,x.wav,smile.png\nme.png,y.wav,smile.png\n")
    jobs = read_jobs(tmp_path / "jobs.csv")
    assert [job.teeth for job in jobs] == [tmp_path / "smile.png"] * 2
    jobs += [jobs[0].model_copy(update={"teeth": tmp_path / "shut.png", "output": "z.mp4"})]
    renderer = Renderer()
    parts = {"generator": fakes.Generator(), "encoder": fakes.Encoder(), "renderer": renderer}
    parts |= {"detector": Detector(), "device": "cpu", "out": tmp_path / "out"}
    assert [result.state for result in animate_many(jobs, **parts)] == ["made", "made", "failed"]
    assert renderer.prepared == 1  # both sounds are spoken by the same portrait
    write_image(tmp_path / "smile.png", np.concatenate([SMILE, SMILE]))
    assert [result.state for result in animate_many(jobs[:1], **parts)] == ["made"]
    assert [result.state for result in animate_many(jobs[:1], **parts)] == ["skipped"]
