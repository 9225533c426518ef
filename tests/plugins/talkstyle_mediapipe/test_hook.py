import subprocess
import sys

import talkstyle_mediapipe

LISTING = """
import sys
import talkstyle_mediapipe
list(talkstyle_mediapipe.talkstyle_components())
print(sorted({"mediapipe", "numpy", "torch", "PIL"} & set(sys.modules)))
"""


def test_the_component_is_sound():
    (component,) = talkstyle_mediapipe.talkstyle_components()
    component.check()
    assert (component.kind, component.name) == ("landmark-detector", "mediapipe")
    assert component.license


def test_listing_imports_nothing_heavy():
    done = subprocess.run([sys.executable, "-c", LISTING], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
