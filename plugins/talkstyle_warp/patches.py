"""The mouth and the eyes: small windows that travel with the head, which open along a contour."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from sdk.data import FloatArray, Image, Portrait
from talkstyle_warp.compositing import Window, magnify, mix, sample, to_bytes, to_tensor
from talkstyle_warp.contours import Contour
from talkstyle_warp.curves import Doubles, smoothstep
from talkstyle_warp.forward import DrivingMotion, ForwardField
from talkstyle_warp.inversion import NEWTON_STEPS, invert
from talkstyle_warp.lids import COVER_CLOSURE, paint_lid
from talkstyle_warp.mouth import paint_interior
from talkstyle_warp.rig import INPUTS, FaceRig
from talkstyle_warp.teeth import teeth_source, transfer_teeth

FieldFactory = Callable[[Window, list[Doubles]], ForwardField]

NODES: Final = 64  # nodes in a face width: denser than elsewhere, as a lid is thin
MARGIN: Final = 0.16  # outer-eye distances around a window from which its pixels may come
# Mattes and teeth are computed at no more places along a side than this and magnified, as they are smooth.
MAX_PLACES: Final = 640
SOFT: Final = 0.012  # width of a matte's ramp, outer-eye distances; at least a pixel and a half


@dataclass(frozen=True, eq=False)
class Patch(ABC):
    """A window of the picture that travels with the head by whole pixels."""

    inner: Window  # the window that is rendered
    field: ForwardField  # fields over the window and its margin
    texture: Tensor  # what is resampled, [C, H, W], over the field's window
    feather: Tensor  # falls to zero at the window's edge, [H, W]
    anchor: Tensor  # the window's middle on the head, [3], face frame
    channels: int  # colour channels of the texture, alpha included; mattes follow
    steps: ClassVar[int] = NEWTON_STEPS  # that invert the field

    def offsets(self, driving: DrivingMotion) -> Tensor:
        """The window's displacement in whole pixels, ``[B, 2]`` (x, y), as float."""
        way = driving.turn @ self.anchor + driving.travel
        return (way @ self.field.camera.T * self.field.window.step).round()

    def sources(self, driving: DrivingMotion) -> Tensor:
        """Where each pixel comes from by each field, ``[B, F, 2, H, W]``, in [-1, 1] over the texture."""
        window, step = self.field.window, self.field.window.step
        field = self.field.displacements(driving)
        frames, fields = field.shape[:2]
        first_x, first_y = (self.inner.left - window.left) // step, (self.inner.top - window.top) // step
        targets = self.field.targets[:, :, first_y : first_y + self.inner.rows, first_x : first_x + self.inner.columns]
        moved = targets + (self.offsets(driving) / step)[:, :, None, None]
        moved = moved[:, None].expand(-1, fields, -1, -1, -1).reshape(frames * fields, *moved.shape[1:])
        places = invert(field.reshape(frames * fields, *field.shape[2:]), moved, steps=self.steps)
        height, width = self.texture.shape[-2:]
        limit = torch.tensor([width - 1, height - 1], device=places.device).view(1, 2, 1, 1)
        places = magnify(places * (2.0 * step / limit) - 1.0, step)
        return places.view(frames, fields, *places.shape[1:])

    @abstractmethod
    def render(self, driving: DrivingMotion, *, cubic: bool) -> Tensor:
        """The patch in each frame, ``[B, C, H, W]``."""

    def overlays(
        self, driving: DrivingMotion, frames: list[int], *, cubic: bool
    ) -> dict[int, tuple[Tensor, list[int]]]:
        """Render some of the frames: by frame, the picture ``[C, H, W]`` and the window's displacement (x, y)."""
        if not frames:
            return {}
        part = driving.pick(frames)
        layers, offsets = self.render(part, cubic=cubic), self.offsets(part).int().tolist()
        return dict(zip(frames, zip(layers, offsets, strict=True), strict=True))

    def lay(self, layer: Tensor, offset: list[int], picture: Tensor, window: Window) -> None:
        """Blend a frame's overlay into the picture uint8 ``[H, W, C]`` that fills ``window``, in place."""
        inner = self.inner
        left, top = inner.left + offset[0] - window.left, inner.top + offset[1] - window.top
        height, width = picture.shape[:2]
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(left + inner.width, width), min(top + inner.height, height)
        if x1 <= x0 or y1 <= y0:
            return
        own = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
        target, feather = picture[y0:y1, x0:x1], self.feather[own][..., None]
        target.copy_(to_bytes(mix(target.float(), layer[:, *own].permute(1, 2, 0), feather)))


def _windows(rig: FaceRig, points: list[int], *, pad: float, above: float, below: float) -> tuple[Window, Window]:
    """The window around landmarks, and the one with its margin.

    ``pad`` is in outer-eye distances, to either side; ``above`` and ``below`` are shares of it.
    """
    face, pad = rig.face, pad * rig.face.unit
    around = face.points[points, :2]
    low, high = around.min(0) - np.array([pad, above * pad]), around.max(0) + np.array([pad, below * pad])
    step = max(1, round(face.width / NODES))
    margin = max(2, round(MARGIN * face.unit / step))
    # A window may extend past the picture's border: textures are padded with their edge.
    left, top = (int(np.floor(v)) for v in low)
    columns, rows = (max(4, int(np.ceil((b - a) / step)) + 1) for a, b in zip(low, high, strict=True))
    outer = Window(left - margin * step, top - margin * step, columns + 2 * margin, rows + 2 * margin, step)
    return outer.inner(margin), outer


def _texture(picture: Image, window: Window) -> FloatArray:
    """The picture in a window, float32 ``[H, W, C]``, padded with its edge."""
    height, width = picture.shape[:2]
    ys = np.clip(np.arange(window.height) + window.top, 0, height - 1)
    xs = np.clip(np.arange(window.width) + window.left, 0, width - 1)
    return np.asarray(picture[ys[:, None], xs[None]], dtype=np.float32)


def _feather(window: Window, device: torch.device) -> Tensor:
    ys, xs = np.mgrid[: window.height, : window.width]
    inside = np.minimum(np.minimum(ys, window.height - 1 - ys), np.minimum(xs, window.width - 1 - xs))
    ramp = smoothstep(inside, 0.0, max(2.0, 0.06 * min(window.height, window.width)))
    return to_tensor(ramp, device)


def _with_mattes(colours: FloatArray, mattes: tuple[Doubles, ...], device: torch.device) -> Tensor:
    """Colours ``[H, W, C]`` and mattes ``[h, w]``, magnified to the same size, as one texture ``[C + n, H, W]``."""
    layers = to_tensor(np.stack(mattes), device)[None]
    if layers.shape[-2:] != colours.shape[:2]:
        layers = F.interpolate(layers, colours.shape[:2], mode="bilinear", align_corners=True)
    return torch.cat([to_tensor(colours, device), layers[0].permute(1, 2, 0)], dim=2).permute(2, 0, 1)


def _ramp(rig: FaceRig) -> float:
    return max(1.5, SOFT * rig.face.unit)


@dataclass(frozen=True, eq=False)
class EyePatch(Patch):
    """An eye: the eyeball at rest, the lower lid over it, the upper lid over both."""

    skin: Tensor  # covers the eyeball as the eye closes, with its opacity, [C + 1, H, W]
    eye: int  # 0 the person's right, 1 the left
    steps: ClassVar[int] = 10  # a lid's skin is stretched far

    @classmethod
    def of(cls, picture: Image, rig: FaceRig, eye: int, field: FieldFactory, *, device: torch.device) -> EyePatch:
        """Prepare one eye (0 the person's right, 1 the left)."""
        face, contour = rig.face, rig.eyes[eye]
        lids, brow = ([*range(36, 42)], range(17, 22)) if eye == 0 else ([*range(42, 48)], range(22, 27))
        inner, outer = _windows(rig, [*lids, *brow], pad=0.10, above=0.3, below=1.6)
        nodes, colours = outer.nodes(), _texture(picture, outer)
        joined = rig.skin(nodes)[2]
        fields = [joined + rig.lid(eye, 0, nodes), joined + rig.lid(eye, 1, nodes), joined]
        # Landmarks lie on the lids' edges or inside them: the lashes move with the lid, but no strip of the eye does.
        shift = (0.0, 0.06 * contour.opening)
        mattes = contour.mattes(outer.lattice(MAX_PLACES), _ramp(rig), shift=shift)
        skin = paint_lid(picture, contour, outer.lattice(max(outer.width, outer.height)))
        return cls(
            inner=inner,
            field=field(outer, fields),
            texture=_with_mattes(colours, mattes, device),
            feather=_feather(inner, device),
            anchor=to_tensor(face.shape[lids].mean(0), device),
            channels=colours.shape[-1],
            skin=to_tensor(skin, device).permute(2, 0, 1),
            eye=eye,
        )

    def render(self, driving: DrivingMotion, *, cubic: bool) -> Tensor:
        """The eye in each frame, ``[B, C, H, W]``."""
        places, n = self.sources(driving), self.channels
        upper = sample(self.texture, places[:, 0], cubic=cubic)
        lower = sample(self.texture, places[:, 1], cubic=cubic)
        ball = sample(self.texture[:n], places[:, 2], cubic=cubic)
        # Where landmarks lie inside an eye, its closed lids would leave a sliver.
        skin = sample(self.skin, places[:, 2])
        closure = driving.closure[:, self.eye].view(-1, 1, 1, 1)
        share = ((closure - COVER_CLOSURE) / (1.0 - COVER_CLOSURE)).clamp(0, 1)
        ball = mix(ball, skin[:, :n], share * skin[:, n:])
        below = mix(ball, lower[:, :n], lower[:, n + 1 : n + 2])
        return mix(below, upper[:, :n], upper[:, n : n + 1])


def _past_corners(contour: Contour, places: Doubles, unit: float) -> Doubles:
    """Where both lips' mattes hold, as no mouth opens there: past its corners, near the line in which lips would meet.

    Without it the lips of an open mouth that is closed would come apart beside it.
    """
    along, across = np.moveaxis(contour.coordinates(places), -1, 0)
    away = np.abs(across - (contour.edge(0, along) + contour.edge(1, along)) / 2)
    return contour.beyond(places, 0.04 * unit) * (1.0 - smoothstep(away, 0.04 * unit, 0.1 * unit))


@dataclass(frozen=True, eq=False)
class MouthPatch(Patch):
    """The mouth: two lips, and between them what is behind."""

    below: Tensor  # the picture with the lower lip's mattes, [C + 2, H, W]; the texture has the upper lip's
    upper: Tensor  # upper teeth with their opacity, [4, H, W], over the field's window
    lower: Tensor  # lower teeth and tongue with their opacity
    cavity: Tensor  # the cavity's colour, [1, C, 1, 1]
    own: Tensor | None  # the portrait's own interior with its matte, if its mouth is open
    jaw: Tensor  # weights on the inputs [INPUTS] that give the displacement of the lower teeth
    shadow: float  # how much the lips darken what is behind them: 1 for a painted interior, less for a photographed one

    @classmethod
    def of(
        cls,
        portrait: Portrait,
        picture: Image,
        rig: FaceRig,
        field: FieldFactory,
        *,
        keep_open: bool,
        device: torch.device,
    ) -> MouthPatch:
        """Prepare the mouth; ``keep_open`` if a portrait's open mouth stays open at rest."""
        pixels, teeth = portrait.pixels, teeth_source(portrait, keep_open=keep_open)
        face, contour = rig.face, rig.mouth
        inner, outer = _windows(rig, [33, 48, 54, 6, 7, 8, 9, 10], pad=0.18, above=0.2, below=0.6)
        nodes, places = outer.nodes(), outer.lattice(MAX_PLACES)
        upper_field, lower_field, joined = rig.skin(nodes)
        skull = np.zeros_like(joined)
        soft = _ramp(rig)
        past = _past_corners(contour, places, face.unit)
        upper, lower = (np.maximum(matte, past) for matte in contour.mattes(places, soft))
        # Wide mattes are the lips' shadow.
        shade_up, shade_low = contour.mattes(places, 0.12 * face.unit)
        grow = soft * (1.5 if keep_open else -0.5)
        inside_up, inside_low = contour.mattes(places, soft, shift=(-grow, grow))
        own = np.clip(1.0 - inside_up - inside_low, 0.0, 1.0)
        colours = _texture(picture, outer)
        where = (pixels, face, contour, places)
        interior = paint_interior(*where) if teeth is None else transfer_teeth(teeth, *where)
        # A mouth that stays open at rest, or is hardly open, shows its own interior.
        shows_own = contour.opening > soft and (keep_open or teeth is None)
        cavity = np.append(interior.cavity, [255.0] * (colours.shape[-1] - 3))
        jaw = np.zeros(INPUTS)
        jaw[[65, 66, 67]] = 0.93 / 3
        return cls(
            inner=inner,
            field=field(outer, [upper_field, lower_field, skull]),
            texture=_with_mattes(colours, (upper, shade_up), device),
            feather=_feather(inner, device),
            anchor=to_tensor(face.shape[48:68].mean(0), device),
            channels=colours.shape[-1],
            below=_with_mattes(colours, (lower, shade_low), device),
            upper=to_tensor(interior.upper, device).permute(2, 0, 1),
            lower=to_tensor(interior.lower, device).permute(2, 0, 1),
            cavity=to_tensor(cavity, device).view(1, -1, 1, 1),
            own=_with_mattes(colours, (own,), device) if shows_own else None,
            jaw=to_tensor(jaw, device),
            shadow=1.0 if teeth is None else 0.4,
        )

    def render(self, driving: DrivingMotion, *, cubic: bool) -> Tensor:
        """The mouth in each frame, ``[B, C, H, W]``."""
        places, n = self.sources(driving), self.channels
        lips = places.new_zeros((len(places), n, *places.shape[-2:]))
        cover = places.new_zeros((len(places), 1, *places.shape[-2:]))
        for side, texture in enumerate((self.texture, self.below)):
            rows = self._rows(texture[n], places[:, side])
            lip = sample(texture[: n + 1], places[:, side, :, rows], cubic=cubic)
            matte = lip[:, n:].clamp(0, 1)
            lips[:, :, rows] += matte * lip[:, :n]
            cover[:, :, rows] += matte
        lips /= cover.clamp_min(1.0)
        opening = (1.0 - cover).clamp_min_(0.0)
        # The interior is rendered only where some frame shows it; rounding leaves traces far too faint to see.
        seen = (opening > 1e-4).any(dim=0)[0]
        ys, xs = (torch.nonzero(seen.any(dim=1 - axis)).flatten() for axis in (0, 1))
        if len(ys) == 0:
            return lips
        box = (..., slice(int(ys[0]), int(ys[-1]) + 1), slice(int(xs[0]), int(xs[-1]) + 1))
        up, low = (
            sample(texture[n + 1 : n + 2], places[:, side][box])
            for side, texture in enumerate((self.texture, self.below))
        )
        lips[box] += opening[box] * self._interior(driving, places[:, 2][box], up, low, cubic)
        return lips

    def _rows(self, matte: Tensor, places: Tensor) -> slice:
        """The rows of a window that show any of a lip, from its matte ``[H, W]`` and places ``[B, 2, h, w]``."""
        there = torch.nonzero((matte > 0).any(dim=1)).flatten().float()
        low, high = ((2.0 * (end + pad) / (len(matte) - 1) - 1.0) for end, pad in ((there[0], -3), (there[-1], 3)))
        seen = ((places[:, 1] > low) & (places[:, 1] < high)).any(dim=2).any(dim=0)
        rows = torch.nonzero(seen).flatten()
        return slice(int(rows[0]), int(rows[-1]) + 1) if len(rows) else slice(0, 0)

    def _interior(
        self, driving: DrivingMotion, skull: Tensor, shade_up: Tensor, shade_low: Tensor, cubic: bool
    ) -> Tensor:
        """What is behind the lips, ``[B, C, h, w]``, at places ``skull`` that move with the skull."""
        height, width = self.texture.shape[-2:]
        fall = torch.einsum("k,bkc->bc", self.jaw, driving.inputs)
        fall = fall + (driving.turn @ fall[..., None])[..., 0]
        pixels = fall @ self.field.camera.T * self.field.window.step
        pixels = pixels * torch.tensor([2.0 / (width - 1), 2.0 / (height - 1)], device=pixels.device)
        teeth = sample(self.upper, skull)
        tongue = sample(self.lower, skull - pixels[:, :, None, None])
        inside = mix(mix(self.cavity[:, :3], tongue[:, :3], tongue[:, 3:]), teeth[:, :3], teeth[:, 3:])
        # The lips' shadow. It hides everything between lips that just part: a dark line, no teeth yet.
        up, low = shade_up.clamp(0, 0.5), shade_low.clamp(0, 0.5)
        inside = inside * ((1.0 - 0.35 * self.shadow * up) * (1.0 - 0.7 * self.shadow * low))
        inside = mix(inside, self.cavity[:, :3], 1.7 * (up + low - 0.5).clamp_min(0))
        if self.channels > 3:
            inside = torch.cat([inside, self.cavity[:, 3:].expand(len(inside), -1, *inside.shape[2:])], dim=1)
        if self.own is not None:
            real = sample(self.own, skull, cubic=cubic)
            inside = mix(inside, real[:, : self.channels], real[:, -1:].clamp(0, 1))
        return inside
