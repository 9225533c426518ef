import runpy
from pathlib import Path

from sdk import errors

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_errors_is_up_to_date():
    script = runpy.run_path(str(ROOT / "scripts" / "errors_page.py"))
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    assert page == script["page"](), "run: python scripts/errors_page.py"
    assert all(f"`{name}`" in page for name in errors.__all__)
