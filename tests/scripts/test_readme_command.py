import runpy
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "readme_command.py"

README = """# Title

## Start

Text.

```sh
first --one
```

```sh
second \\
  --two
```

## More

```sh
third
```
"""


def test_only_the_blocks_under_start_count():
    commands = runpy.run_path(str(SCRIPT))["commands"]
    assert commands(README) == ["first --one\n", "second \\\n  --two\n"]


def test_a_readme_without_the_section_is_an_error():
    with pytest.raises(SystemExit, match="no section ## Start"):
        runpy.run_path(str(SCRIPT))["commands"]("# Title\n")
