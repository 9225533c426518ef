"""A style pack: how a person moves, learned for one base, described, checked, and safe to share."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, get_args

import torch
from pydantic import ValidationError
from torch import Tensor

from sdk.arguments import instance, read_path, shown, whole
from sdk.compatibility import Identity
from sdk.errors import ConfigError, PackInvalid, StyleWithoutEffect
from sdk.face import FACE_FRAME_VERSION
from sdk.files import atomic_folder
from sdk.interfaces import AudioEncoder, MotionGenerator
from sdk.packs import hub
from sdk.packs.card import card
from sdk.packs.config import CARD, CONFIG, CONFIG_MAX_BYTES, DELTA, Compression, Dtype, PackConfig, Training, explain
from sdk.packs.delta import Delta, energy, low_rank
from sdk.packs.delta_file import encode_delta, read_delta
from sdk.packs.location import StyleLocation
from sdk.packs.storage import check_preview, check_target, read_file

_log = logging.getLogger("sdk.packs")


@dataclass(frozen=True, eq=False)
class StylePack:
    """A style: what it adds to its base's parameters, and what it says about itself in ``config.json``.

    Two packs are equal if they do the same: the same delta, bit for bit, for the same base and encoder. Names and texts
    do not count. ``source`` is the repository and commit that it was loaded from, if it came from the Hub.
    """

    config: PackConfig
    delta: Delta = field(repr=False)
    source: StyleLocation | None = None

    @property
    def name(self) -> str:
        """The style's name."""
        return self.config.name

    @property
    def gain(self) -> float | None:
        """The share of the base's distance to the person that it removes, on frames held out: ``config.gain``."""
        return self.config.gain

    @classmethod
    def load(
        cls,
        location: str | Path | StyleLocation,
        *,
        base: MotionGenerator | None = None,
        token: str | bool | None = None,
    ) -> StylePack:
        """Load a pack and check all of it; its licence and consent are logged, in one line.

        Args:
            location: A folder (``./mine``), the name of a style that ships (``rap``), or one on the Hub
                (``me/rap@revision``).
            base: A generator whose parameters it must fit; ``styled`` checks that in any case.
            token: For the Hub: a token, False for none, or None for the one that is logged in.

        Raises:
            ConfigError: No location of a style.
            StyleNotFound: There is no pack there.
            PackInvalid: It breaks the format or fails a check.
            PackIncompatible: It needs a newer talkstyle, or has another layout than ``base``.
            HubError: The Hub cannot be reached or refuses.
        """
        pack, _ = read_pack(StyleLocation.parse(location), base=base, token=token)
        license, consent = pack.config.license or "not stated", pack.config.consent or "not stated"  # noqa: A001
        _log.info("style %r: licence %s; consent: %s", pack.name, license, " ".join(consent.split()))
        return pack

    @classmethod
    def create(
        cls,
        *,
        name: str,
        base: MotionGenerator,
        fitted: Mapping[str, Tensor],
        encoder: AudioEncoder,
        summary: str = "",
        license: str | None = None,  # noqa: A002 the word that everyone looks for
        consent: str | None = None,
        training: Training | None = None,
        dtype: Dtype = "float32",
    ) -> StylePack:
        """Make a pack of what a fit did to its base.

        ``base`` has its own, unfitted weights and was fed by ``encoder``; ``fitted`` holds the parameters after the
        fit, by name. The texts are described in ``PackConfig``.

        Raises:
            StyleWithoutEffect: The fit changed no parameter.
            NotFiniteError: The fit diverged.
            ConfigError: A field that a pack cannot carry.
        """
        delta = Delta.between(dict(base.named_parameters()), fitted).to(getattr(torch, dtype))
        if delta.norm == 0:
            hint = "Give it more steps, or a reference that moves differently from the base."
            raise StyleWithoutEffect("the fit changed no parameter of its base", hint=hint)
        config = _checked(
            name=name,
            summary=summary,
            license=license,
            consent=consent,
            training=training,
            face_frame=FACE_FRAME_VERSION,
            delta=encode_delta(delta)[1],
            base=asdict(Identity.of(base)),
            encoder={"component": encoder.name, "version": encoder.version, "sha256": encoder.fingerprint()},
        )
        return cls(config, delta)

    def replace(self, *, delta: Delta | None = None, **fields: Any) -> StylePack:
        """The same pack with other fields (``name``, ``summary``, ``license``, ``consent``, ...) or another delta.

        Raises:
            ConfigError: An unknown field, or a value that a pack cannot carry.
        """
        unknown = fields.keys() - PackConfig.model_fields.keys()
        if unknown:
            raise ConfigError(f"a pack has no field {', '.join(sorted(unknown))}")
        delta = self.delta if delta is None else instance(delta, Delta, "delta", "Give the delta of a pack.")
        return StylePack(_checked(**{**dict(self.config), **fields, "delta": encode_delta(delta)[1]}), delta)

    def save(self, folder: str | Path, *, files: Mapping[str, bytes] | None = None) -> Path:
        """Write the pack to a folder: a reader sees the old pack or the new one.

        Args:
            folder: A new or empty folder, or one that holds a pack and nothing else, which is replaced.
            files: Previews for the folder, by name, such as ``{"preview.webp": ...}``.

        Raises:
            OutputError: It cannot be written, or it holds what is not a pack's.
        """
        target = read_path(folder).absolute()
        check_target(target)
        contents = self._files(files)
        with atomic_folder(target) as place:
            for name, content in contents.items():
                (place / name).write_bytes(content)
        return target

    def push(
        self,
        repo_id: str,
        *,
        license: str | None = None,  # noqa: A002 the word that everyone looks for
        consent: str | None = None,
        private: bool | None = None,
        revision: str | None = None,
        create_pr: bool = False,
        tag: str | None = None,
        message: str | None = None,
        files: Mapping[str, bytes] | None = None,
        token: str | bool | None = None,
    ) -> StyleLocation:
        """Put the pack on the Hugging Face Hub, in one commit; pushing the same pack again makes none.

        Args:
            repo_id: ``org/name``; the repository is created if there is none.
            license: An SPDX identifier; needed unless the pack has one.
            consent: Who agreed that the style of this person is shared, and to what; needed unless the pack has one.
            private: Whether a new repository is private; None is the account's own default.
            revision: An existing branch.
            create_pr: Open a pull request instead.
            tag: A tag for the commit.
            message: The commit's message.
            files: Previews, as in ``save``. Others in the repository are deleted; other files stay.
            token: A token, or None for the one that is logged in.

        Returns:
            The repository at the commit that holds the pack; ``StylePack.load`` takes it.

        Raises:
            ConfigError: No licence or no consent is stated, or a name is none.
            StyleNotFound: There is no such branch.
            HubError: The Hub cannot be reached or refuses.
        """
        pack = self.replace(
            license=self.config.license if license is None else license,
            consent=self.config.consent if consent is None else consent,
        )
        hub.check_push(repo_id, license=pack.config.license, consent=pack.config.consent, token=token)
        contents = pack._files(files, location=repo_id)
        with hub.client(StyleLocation("hub", repo_id, revision), token, writing=True) as api:
            from huggingface_hub import CommitOperationAdd, CommitOperationDelete

            api.create_repo(repo_id, private=private, exist_ok=True)
            before = api.model_info(repo_id, revision=revision)
            there = {sibling.rfilename for sibling in before.siblings or ()}
            gone = sorted(name for name in there - contents.keys() if name.startswith("preview") and "/" not in name)
            changes = [CommitOperationAdd(name, data) for name, data in contents.items()]
            commit = api.create_commit(
                repo_id,
                [*changes, *map(CommitOperationDelete, gone)],
                commit_message=message or f"Style pack {pack.name}",
                revision=revision,
                create_pr=create_pr,
                parent_commit=before.sha,
            )
            if tag is not None:
                api.create_tag(repo_id, tag=tag, revision=commit.oid, exist_ok=True)
        return StyleLocation("hub", repo_id, commit.oid)

    def _files(self, previews: Mapping[str, bytes] | None, *, location: str | None = None) -> dict[str, bytes]:
        """All files of the pack, by name."""
        if previews is not None:
            hint = 'Give pictures by name, such as {"preview.webp": ...}.'
            previews = instance(previews, Mapping, "files", hint)
            for name, data in previews.items():
                instance(name, str, "files", hint)
                instance(data, bytes, f"files[{name!r}]", hint)
        previews = dict(previews or {})
        contents = {
            CONFIG: self.config.to_bytes(),
            DELTA: self.verify(),
            CARD: card(self.config, location=location, previews=previews).encode("utf-8"),
        }
        for name, data in previews.items():
            check_preview(name, data)
        return contents | previews

    def verify(self) -> bytes:
        """Check again that config and delta are a pack's and belong together; return ``delta.safetensors``'s bytes.

        Raises:
            PackInvalid: Something was changed since the pack was made or loaded.
        """
        PackConfig.parse(self.config.to_bytes(), where=self.name)
        data, info = encode_delta(Delta(self.delta.tensors))
        if info != self.config.delta:
            what = "the delta is not the one that the config describes"
            raise PackInvalid(what, where=self.name, hint="Load the pack again.")
        return data

    def compress(
        self,
        rank: int | None = None,
        *,
        dtype: Dtype | None = None,
        score: Callable[[StylePack], float] | None = None,
        keep: float = 0.95,
        ranks: Sequence[int] = (1, 2, 4, 8, 16, 32),
    ) -> StylePack:
        """A smaller pack, in low rank or a shorter dtype or both; ``config.compression`` says what it kept.

        Args:
            rank: The rank; if left out and ``score`` is given, the first of ``ranks`` that keeps the gain.
            dtype: How to store it.
            score: Measures a pack's gain over the base on frames held out; more is better.
            keep: The share of this pack's own gain that must be left.
            ranks: What to try, in this order; if none is enough, the rank stays as it is.

        Raises:
            ConfigError: Nothing says how far to compress, or there is no gain to keep.
        """
        if rank is not None:
            rank = whole(rank, "rank", low=1)
        if score is not None and not callable(score):
            raise ConfigError(f"score={shown(score)} is no function", where="score", hint="Give one of a pack.")
        if not (dtype is None or (isinstance(dtype, str) and dtype in get_args(Dtype))):
            hint = f"Give one of {', '.join(get_args(Dtype))}."
            raise ConfigError(f"dtype={shown(dtype)} is not how a pack is stored", where="dtype", hint=hint)
        if rank is None and score is None and dtype is None:
            raise ConfigError("nothing says how far to compress", hint="Give a rank, a dtype, or a score to choose by.")
        gain = None if score is None else score(self)
        if gain is not None and gain <= 0 and rank is None:
            raise ConfigError("the style brings no gain that a rank could keep", hint="Give the rank itself.")
        if score is None or gain is None or gain <= 0:
            return self._compressed(rank, dtype)
        for each in (*ranks, None) if rank is None else (rank,):
            small = self._compressed(each, dtype)
            share = score(small) / gain
            if share >= keep:
                break
        if small is self or small.config.compression is None:
            return self
        before = self.config.compression
        share *= 1 if before is None or before.gain is None else before.gain
        return small.replace(compression=small.config.compression.model_copy(update={"gain": share}))

    def _compressed(self, rank: int | None, dtype: Dtype | None) -> StylePack:
        delta = self.delta if rank is None else low_rank(self.delta, rank)
        delta = delta.to(self.delta.dtype if dtype is None else getattr(torch, dtype))
        if delta is self.delta:
            return self
        kept = Compression(from_sha256=self.config.delta.sha256, rank=delta.rank, energy=energy(self.delta, delta))
        return self.replace(delta=delta, compression=kept)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StylePack) and self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)

    @property
    def _content(self) -> tuple[object, ...]:
        config = self.config
        return config.delta, config.base, config.encoder, config.face_frame


def read_pack(
    location: StyleLocation, *, base: MotionGenerator | None = None, token: str | bool | None = None
) -> tuple[StylePack, dict[str, str]]:
    """Read and check a pack, each file once, as for ``StylePack.load``; also returns its files' sha256 by name."""
    is_hub = location.kind == "hub"
    source, folder, root = hub.download(location, token=token) if is_hub else (None, location.folder(), None)
    location.warn_of_folder()
    data = read_file(folder / CONFIG, root=root, limit=CONFIG_MAX_BYTES)
    config = PackConfig.parse(data, where=str(folder / CONFIG))
    layout = None if base is None else {name: tuple(parameter.shape) for name, parameter in base.named_parameters()}
    delta = read_delta(folder, config.delta, root=root, layout=layout)
    files = {CONFIG: hashlib.sha256(data).hexdigest(), DELTA: config.delta.sha256}
    # Another program may lay out the same tensors otherwise; in memory a pack names the bytes that we would write.
    return StylePack(config.model_copy(update={"delta": encode_delta(delta)[1]}), delta, source), files


def check_texts(texts: Mapping[str, object]) -> None:
    """Check texts of a pack (``name``, ``summary``, ``license``, ``consent``) before the work of making it.

    Raises:
        ConfigError: One that a pack cannot carry.
    """
    try:
        PackConfig.model_validate(texts)
    except ValidationError as error:  # certainly, for all other fields are missing
        for found in error.errors(include_input=False, include_url=False):
            if (name := str(found["loc"][0])) in texts:
                what = f"a pack cannot carry this {name}: {found['msg'].removeprefix('Value error, ')}"
                raise ConfigError(what, where=name, hint=f"Give another {name}=.") from error


def _checked(**fields: Any) -> PackConfig:
    try:
        return PackConfig.model_validate(fields)
    except ValidationError as error:
        raise ConfigError(f"a pack cannot carry that: {explain(error)}") from error
