"""The styles that ship: their corpora, and the commands that make and compare them."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from click.testing import CliRunner

from sdk.adapter import FitConfig, StyleAdapter
from sdk.data import Motion
from sdk.metrics import style_distance
from talkstyle_lab.commands.styles import _NAMES, build
from talkstyle_lab.corpus.style import PRESETS
from talkstyle_lab.styles.build import RECIPES, fit_style, spoken
from talkstyle_lab.styles.nearest import Table

needs_flite = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")


def test_there_is_a_preset_for_each():
    assert tuple(RECIPES) == _NAMES
    assert set(RECIPES) == set(PRESETS)


@needs_flite
def test_a_corpus_keeps_one_clock_and_is_the_same_again():
    said = spoken("rap", minutes=0.1)
    assert len(said.motion) * 16000 == len(said.audio.samples) * 60
    assert float(said.audio.duration) >= 6
    assert np.isfinite(said.motion.expression).all()
    again, other = spoken("rap", minutes=0.1), spoken("rap", minutes=0.1, seed=1)
    assert np.array_equal(again.audio.samples, said.audio.samples)
    assert np.array_equal(again.motion.phi(), said.motion.phi())
    assert not np.array_equal(other.audio.samples, said.audio.samples)


@needs_flite
def test_the_corpora_are_apart():
    calm, lively = (spoken(name, minutes=0.2).motion for name in ("calm", "lively"))
    other = spoken("calm", minutes=0.2, seed=1).motion
    assert style_distance(other, calm, mean=False) < 0.7 * style_distance(other, lively, mean=False)


@needs_flite
def test_a_style_is_learned_and_compressed():
    config = FitConfig(steps=4, batch=2, window=120, critic_warmup=1)
    pack = fit_style("emphatic", adapter=StyleAdapter(device="cpu", config=config), minutes=0.2)
    assert (pack.name, pack.config.license) == ("emphatic", "Apache-2.0")
    assert pack.config.delta.bytes <= 256 * 1024
    assert pack.config.compression.gain is not None
    assert "flite" not in pack.config.to_bytes().decode()


def test_build_says_what_it_offers():
    shown = CliRunner().invoke(build, ["--help"]).output
    assert all(name in shown for name in _NAMES)
    assert CliRunner().invoke(build, ["--only", "no-such"]).exit_code == 2


def test_a_table_tells_styles_apart_whatever_the_voice():
    rng = np.random.default_rng(0)

    def motion(scale):
        return Motion((scale * rng.normal(size=(400, 68, 3))).astype(np.float32), np.zeros((400, 6), np.float32))

    corpora = {"small": motion(0.03), "large": motion(0.06)}
    quiet = Table.of("a quiet voice", {"small": motion(0.01), "large": motion(0.035)}, corpora)
    assert (quiet.right, quiet.right_plain) == (2, 1)
    swapped = Table.of("swapped", {"small": motion(0.06), "large": motion(0.03)}, corpora)
    assert (swapped.right, swapped.right_plain) == (0, 0)
