"""The pictures of the documentation."""

import sys
from pathlib import Path
from typing import Any

from PIL.Image import Image

from sdk.files import atomic_file

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "images"


def write(name: str, picture: Image, **options: Any) -> None:
    """Write a picture into ``docs/images``; ``options`` are those of ``Image.save``."""
    path = FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as temporary:
        picture.save(temporary, **options)
    sys.stdout.write(f"wrote {path}, {path.stat().st_size // 1000} kB\n")
