"""The kit in pytest: a test for each demand, failures by name, misuse said, and nothing imported before it is used."""

import subprocess
import sys

import pytest

from sdk.testing import checks

pytest_plugins = ["pytester"]

NET = """
    import pytest
    import torch

    class Net(torch.nn.Linear):
        name, version = "net", "1"
        def __init__(self):
            super().__init__(204, {outputs})

    @pytest.mark.talkstyle("style-transfer-net")
    def test_contract(talkstyle_demand):
        talkstyle_demand({component})
"""


@pytest.fixture
def ask(pytester, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")

    def run(source, *options, own_process=False):
        pytester.makepyfile(source)
        start = pytester.runpytest_subprocess if own_process else pytester.runpytest_inprocess
        return start("-p", "no:cacheprovider", "-W", "error", "--strict-markers", *options)

    return run


def test_each_demand_is_a_test_of_its_own(ask):
    result = ask(NET.format(outputs=256, component="'mlp,seed=3'"), "-v", own_process=True)
    result.assert_outcomes(passed=len(checks("style-transfer-net")))
    for demand in checks("style-transfer-net"):
        assert f"test_contract[{demand.name}] PASSED" in result.stdout.str()


def test_what_is_broken_fails_by_name(ask):
    result = ask(NET.format(outputs=255, component="Net()"), own_process=True)
    outcomes = result.parseoutcomes()
    assert outcomes["failed"] >= 1
    assert outcomes["passed"] >= 2
    result.stdout.fnmatch_lines(["*fails the check*255*not*256*"])


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("", "*needs a marker, @pytest.mark.talkstyle*"),
        ("@pytest.mark.talkstyle", "*needs a marker*"),
        ("@pytest.mark.talkstyle('detector')", "*no kind of component called 'detector'*"),
    ],
)
def test_misuse_is_said(ask, marker, message):
    result = ask(f"import pytest\n{marker}\ndef test_contract(talkstyle_demand): pass")
    assert result.ret != 0
    result.stdout.fnmatch_lines([message])


def test_the_marker_is_explained(ask):
    ask("", "--markers").stdout.fnmatch_lines(["@pytest.mark.talkstyle(kind): *"])


def test_it_costs_other_projects_nothing():
    code = (
        "import sys; import pytest; before = set(sys.modules); import sdk.pytest_plugin;"
        "new = set(sys.modules) - before;"
        "assert new <= {'sdk', 'sdk._version', 'sdk.pytest_plugin', 'lazy_loader'}, new"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
