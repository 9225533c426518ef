"""Write ``docs/errors.md`` from the tree in ``sdk/errors.py``: ``python scripts/errors_page.py``."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

from sdk import errors

PAGE = Path(__file__).resolve().parent.parent / "docs" / "errors.md"

HEAD = """\
# Errors

Every error that talkstyle raises on purpose is an `sdk.SdkError`; cancelled work raises `sdk.Cancelled`, which is none,
for nothing failed. Each says what happened (`error.what`), where (`error.where`: a file, frame or second, or None), and
what to do next (`error.hint`, or None), and carries a stable `error.code` for programs:

```python
try:
    pack = sdk.adapt("clip.mp4")
except sdk.FaceNotFound as error:  # or one of its parents: FaceError, InputError, SdkError
    print(error.what, error.where, error.hint)
```

Most are also the built-in exception that Python itself would raise, so that `except FileNotFoundError` or
`except ValueError` work as elsewhere; those that are an `OSError` have its `strerror` and `filename`.

On the command line the same stands on stderr, in the words of its options (`--strength 2` for `strength=2`), and the
exit code is 1; with `--json` stdout is `{"error": {"code", "what", "where", "hint"}}`. Three more codes exist there:

| code | exit code | when |
|---|---|---|
| `usage` | 2 | The command line itself cannot be read. |
| `interrupted` | 130, 143, 129 | Ctrl-C, SIGTERM or SIGHUP came; nothing half-written is left. |
| `unexpected` | 1 | A fault of talkstyle or a plugin. What to send in is printed, without paths: `report` in JSON. |

`--debug` shows the traceback of any of them.

This page is written by `python scripts/errors_page.py`.

"""


def page() -> str:
    """The page as it should be."""
    rows = [*_rows(errors.SdkError), *_rows(errors.Cancelled)]
    lines = ["| error | is a | built-in | code | when |", "|---|---|---|---|---|", *rows]
    return HEAD + "\n".join(lines) + "\n"


def _rows(error: type[errors.SdkError | errors.Cancelled]) -> list[str]:
    """An error and its descendants, in the order of the source."""
    meaning = (inspect.getdoc(error) or "").splitlines()[0].replace("``", "`")
    parents = [base.__name__ for base in error.__bases__ if base.__module__ == errors.__name__]
    shown = ", ".join(f"`{parent}`" for parent in parents if not parent.startswith("_"))
    found = [base for base in error.__mro__ if base.__module__ == "builtins"]
    builtin = ", ".join(f"`{base.__name__}`" for base in found if not any(base in other.__mro__[1:] for other in found))
    rows = [f"| `{error.__name__}` | {shown} | {builtin} | `{error.code}` | {meaning} |"]
    for child in error.__subclasses__():
        if child.__module__ == errors.__name__ and child.__bases__[0] is error:
            rows += _rows(child)
    return rows


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE}\n")
