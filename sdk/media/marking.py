"""The machine-readable statement, in every file that is written, that a trained algorithm made its pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from uuid import UUID

from PIL.PngImagePlugin import PngInfo

from sdk._version import __version__

COMMENT: Final = "AI-generated: made with talkstyle"

SOURCE_TYPE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC's term for an existing picture with parts made by a trained algorithm."""

XMP_BOX: Final = UUID("be7acfcb-97a9-42e8-9c71-999491e3afac")
"""The box of an mp4 that holds XMP (ISO 16684-1, Adobe XMP part 3)."""


def tags(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The container's tags; the caller's own cannot replace the mark."""
    return {
        **(more or {}),
        "comment": COMMENT,
        "talkstyle": f"version={__version__}; ai-generated=true",
        "digitalsourcetype": SOURCE_TYPE,
    }


def xmp() -> str:
    """The mark as an XMP packet, by the IPTC photo metadata standard's ``DigitalSourceType``."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
        f' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="talkstyle {__version__}"'
        f' Iptc4xmpExt:DigitalSourceType="{SOURCE_TYPE}"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    )


def mark_mp4(path: Path) -> None:
    """Append the XMP packet to a finished mp4, as a box that players skip."""
    body = XMP_BOX.bytes + xmp().encode()
    with path.open("ab") as file:
        file.write((len(body) + 8).to_bytes(4, "big") + b"uuid" + body)


def png_marks() -> PngInfo:
    """The text chunks of a PNG."""
    info = PngInfo()
    info.add_text("Comment", COMMENT)
    info.add_text("Software", f"talkstyle {__version__}")
    info.add_itxt("XML:com.adobe.xmp", xmp())
    return info
