"""The model card: a pack's ``README.md``, written from its config alone."""

from __future__ import annotations

import json
import re
from collections.abc import Collection

from sdk.packs.config import PackConfig, Training

TAGS = ("talkstyle", "style-pack", "talking-head", "facial-animation")
"""The Hub's tags of a pack; the first two tell it apart from everything else there."""

# Those of the Hub's list that a pack may reasonably have; it refuses others, unless they are called "other".
_HUB_LICENSES = {
    *("apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "unlicense", "gpl-3.0", "agpl-3.0", "openrail"),
    *(f"cc-by{kind}-{n}.0" for kind in ("", "-sa", "-nc", "-nd", "-nc-sa", "-nc-nd") for n in (3, 4)),
}
_GAIN = (
    "On frames that the fit did not see, {:.0%} of the distance between the base's way of moving and the reference's "
    "is gone."
)


def base_tag(component: str) -> str:
    """The Hub's tag of the packs that were made for a base."""
    return f"talkstyle-base-{re.sub('[^a-z0-9]+', '-', component.lower()).strip('-')}"


def card(config: PackConfig, *, location: str | None = None, previews: Collection[str] = ()) -> str:
    """The card of a pack, Markdown with the Hub's front matter, with the previews of these names.

    ``location`` is what loads it, ``org/name`` on the Hub; a folder of its name if left out.
    """
    front = ["---", "library_name: talkstyle", "tags:", *(f"- {tag}" for tag in TAGS)]
    front.append(f"- {base_tag(config.base.component)}")
    # JSON is YAML: quoted so, a value has nothing to break out of.
    if config.license is not None:
        known = config.license.lower()
        front.append(f"license: {known if known in _HUB_LICENSES else 'other'}")
        if known not in _HUB_LICENSES:
            front.append(f"license_name: {json.dumps(re.sub('[^a-z0-9.-]+', '-', known).strip('-') or 'other')}")
    front.append("---")
    location = location or f"./{config.name}"
    shown = sorted(previews, key=lambda name: name.rpartition(".")[0])
    opening = "The mouth's opening, without the style and with it"
    gain = [] if config.gain is None else ["## What it brings", _GAIN.format(config.gain)]
    parts = [
        "\n".join(front),
        f"# {_plain(config.name)}",
        _plain(config.summary) or "A way of moving the face while speaking or singing, for talkstyle.",
        *(f"![{opening if 'opening' in name else 'A drawn face in this style'}]({name})" for name in shown),
        "## Use",
        "```python\nimport sdk\n\n"
        f'video = sdk.animate("portrait.png", "speech.wav", style={json.dumps(location, ensure_ascii=False)})\n'
        'video.save("speech.mp4")\n```',
        "## Terms",
        f"- Licence: {_plain(config.license or 'not stated')}\n- Consent: {_plain(config.consent or 'not stated')}",
        *gain,
        "## How it was made",
        _made(config),
        "## Technical",
        _technical(config),
    ]
    return "\n\n".join(parts) + "\n"


def _made(config: PackConfig) -> str:
    lines = []
    if config.mix:
        styles = ", ".join(f"{each.weight:g} x {_plain(each.name)}" for each in config.mix)
        lines.append(f"The weighted sum of styles: {styles}.")
    if config.training is not None:
        lines += _training(config.training)
    if config.compression is not None:
        kept = config.compression
        gain = "" if kept.gain is None else f" and {kept.gain:.1%} of the style's measured gain"
        lines.append(f"Compressed to rank {kept.rank}: {kept.energy:.1%} of the delta's energy{gain} are left.")
    return "\n\n".join(lines) or "Not stated."


def _training(training: Training) -> list[str]:
    lines = [f"Learned from {training.seconds:g} s of reference in {training.steps} steps (seed {training.seed})."]
    if references := training.references:
        each = [f"{r.length:g} images" if r.kind == "images" else f"{r.kind} of {r.length:g} s" for r in references]
        lines.append(f"References: {', '.join(each)}.")
    names = [name for name in training.before if name in training.after]
    if not names:
        return [*lines, "Its gain was not measured."]
    if training.folds is not None:
        fits = "a fit" if training.folds == 1 else f"{training.folds} fits"
        seconds = f"{training.measured_seconds or 0:.3g} s"
        lines.append(f"Measured on {seconds} by {fits} that did not know them; this style knows the whole reference:")
    elif training.held_out is not None:
        first, last = training.held_out
        lines.append(f"Measured on the frames {first} to {last} (60 a second), which the fit did not see:")
    columns = [("base", training.before), ("this style", training.after), *training.baselines.items()]
    columns += [("chance", training.null)] if training.null else []
    rows = [["measure", *(head for head, _ in columns)], ["---"] * (1 + len(columns))]
    rows += [[name, *(f"{values[name]:.3g}" if name in values else "" for _, values in columns)] for name in names]
    return [*lines, "\n".join("| " + " | ".join(row) + " |" for row in rows)]


def _technical(config: PackConfig) -> str:
    base, encoder, delta = config.base, config.encoder, config.delta
    return (
        f"- Base: {base.component} {base.version}"
        f" (layout `{base.layout_sha256[:12]}`, weights `{base.weights_sha256[:12]}`)\n"
        f"- Audio encoder: {encoder.component} {encoder.version} (`{encoder.sha256[:12]}`)\n"
        f"- Delta: {delta.kind}, {delta.dtype}, {delta.parameters} parameters, {delta.bytes} bytes\n"
        f"- sha256 of `delta.safetensors`: `{delta.sha256}`\n"
        f"- Format: {config.format} {config.format_version}"
    )


def _plain(text: str) -> str:
    """Text that Markdown and HTML show as it stands: no markup, no link, no image comes out of a pack's own words."""
    escaped = re.sub(r"([\\`*_\[\]|~])", r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;"))
    escaped = re.sub(r"(?m)^([ \t]*)([-+#=])", r"\1\\\2", escaped)
    return escaped.replace(">", "&gt;").replace("://", ":\u200b//").replace("\n", "  \n")
