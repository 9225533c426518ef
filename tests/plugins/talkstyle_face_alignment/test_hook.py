import subprocess
import sys

import talkstyle_face_alignment

LISTING = """
import sys
import talkstyle_face_alignment
list(talkstyle_face_alignment.talkstyle_components())
print(sorted({"face_alignment", "numpy", "torch", "PIL"} & set(sys.modules)))
"""


def test_the_component_is_sound():
    (component,) = talkstyle_face_alignment.talkstyle_components()
    component.check()
    assert (component.kind, component.name) == ("landmark-detector", "face-alignment")
    assert "weights" in component.license


def test_listing_imports_nothing_heavy():
    done = subprocess.run([sys.executable, "-c", LISTING], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
