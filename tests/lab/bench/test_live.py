import json
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from talkstyle_lab.commands import bench_live
from talkstyle_lab.commands.bench import command


@pytest.fixture(scope="module")
def measured():
    result = CliRunner().invoke(command, ["live", "--minutes", "0.2", "--size", "128", "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_no_sound_is_lost_and_nothing_drifts(measured):
    assert measured["samples_in"] == measured["samples_out"] > 10 * 1000
    assert abs(measured["drift_frames"]) <= 1
    assert measured["fps"] * measured["seconds"] + measured["skipped"] == pytest.approx(300, abs=2)


def test_the_look_ahead_is_counted_and_interruptions_close_the_lips(measured):
    assert measured["lookahead"] == pytest.approx(325, abs=1)
    assert measured["sound_to_picture_p95"] == pytest.approx(measured["beyond_lookahead_p95"] + 300)
    assert measured["sound_to_picture_p95"] > measured["lookahead"]
    assert 0 < measured["interruption_p95"] < float("inf")
    assert measured["fastest_after_interruption"] < measured["fastest_in_speech"]


def test_all_of_it_is_shown(measured):
    rows = dict(bench_live._real_time(SimpleNamespace(**measured)))
    assert rows["samples pushed, given out"] == f"{measured['samples_in']}, {measured['samples_out']}"
    assert rows["sessions"] == "1 for 12 s at 128x128"


def test_minutes_by_a_simulated_clock():
    result = CliRunner().invoke(command, ["live", "--simulated", "1.3", "--size", "128", "--json"])
    assert result.exit_code == 0, result.output
    hours = json.loads(result.stdout)
    assert hours["samples_in"] == hours["samples_out"] > 0
    assert hours["drift_frames"] == 0
    assert hours["resident_at_most"] >= hours["resident_after_a_minute"] > 0
    rows = dict(bench_live._hours(SimpleNamespace(**hours)))
    assert rows["simulated"] == "1.3 minutes at 128x128, 25 fps"
