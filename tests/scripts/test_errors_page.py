import re
import runpy
from pathlib import Path

from sdk import errors

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_errors_is_up_to_date():
    script = runpy.run_path(str(ROOT / "scripts" / "errors_page.py"))
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    assert page == script["page"](), "run: python scripts/errors_page.py"
    assert all(f"`{name}`" in page for name in errors.__all__)


def test_troubleshooting_speaks_of_every_error_that_is_raised():
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    by_code, tables = page.split("## By code")[1].split("## Portraits")
    classes = [getattr(errors, name) for name in errors.__all__]
    raised = {c.code for c in classes if not c.__subclasses__() and issubclass(c, errors.SdkError)}
    known = {c.code for c in classes} | {"interrupted", "unexpected"}
    for part in (by_code, tables):
        named = set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", part))
        assert raised <= named | {"config"}, raised - named
    assert set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", by_code)) <= known
