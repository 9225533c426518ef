"""The difference that a style makes to a base's parameters, whole or in low rank, and its exact algebra."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite, prod
from typing import Literal

import torch
from torch import Tensor

from sdk.errors import ConfigError, NotFiniteError, PackIncompatible, PackInvalid


@dataclass(frozen=True)
class Form:
    """How one parameter's delta is stored.

    Attributes:
        shape: The parameter's; in low rank ``(m, n)``, a kernel counting as ``[out, in * k]``.
        rank: The rank; None if it is whole.
    """

    shape: tuple[int, ...]
    rank: int | None = None

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether a parameter of that shape can take it."""
        if self.rank is None:
            return self.shape == shape
        return len(shape) >= 2 and self.shape == (shape[0], prod(shape[1:]))


class Forms(dict[str, Form]):
    """How each parameter of a delta is stored, by the parameter's name."""

    @classmethod
    def of(cls, shapes: Mapping[str, tuple[int, ...]]) -> Forms:
        """Read them from the names and shapes of tensors as in ``Delta.tensors``.

        Raises:
            PackInvalid: Another name, half a pair, a parameter stored twice, or factors that do not match.
        """
        found = cls()
        for key, shape in shapes.items():
            parameter, _, part = key.rpartition(".")
            if not parameter or part not in ("delta", "A", "B"):
                raise PackInvalid(f"the tensor {key!r} is neither <parameter>.delta nor .A nor .B", where=key)
            if part == "B":
                if f"{parameter}.A" not in shapes:
                    raise PackInvalid(f"{key} is there without {parameter}.A", where=key)
                continue
            if parameter in found:
                raise PackInvalid(f"the parameter {parameter!r} is stored both whole and in low rank", where=key)
            if part == "delta":
                found[parameter] = Form(shape)
                continue
            other = shapes.get(f"{parameter}.B", ())
            if len(shape) != 2 or len(other) != 2 or shape[0] != other[1]:
                what = f"{parameter} has factors A {list(shape)} and B {list(other)}, which do not multiply"
                raise PackInvalid(what, where=key)
            found[parameter] = Form((other[0], shape[1]), shape[0])
        return found

    @property
    def kind(self) -> Literal["full", "low-rank"]:
        """Whether any parameter's delta is in low rank."""
        return "low-rank" if any(form.rank is not None for form in self.values()) else "full"

    @property
    def parameters(self) -> int:
        """How many of the base's parameters (scalars) it re-weights."""
        return sum(prod(form.shape) for form in self.values())

    def check_fits(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Raise ``PackIncompatible`` unless it re-weights exactly these parameters of these shapes."""
        problems = [f"{name} is missing" for name in sorted(shapes.keys() - self.keys())]
        problems += [f"{name} is unknown to the base" for name in sorted(self.keys() - shapes.keys())]
        problems += [
            f"{name} is {list(self[name].shape)}, not {list(shapes[name])}"
            for name in sorted(shapes.keys() & self.keys())
            if not self[name].fits(shapes[name])
        ]
        if problems:
            problems[3:] = [f"and {len(problems) - 3} more"] if len(problems) > 3 else []
            what = f"the style does not fit this base: {'; '.join(problems)}"
            raise PackIncompatible(what, hint="Use the generator that the pack names.")


@dataclass(frozen=True, eq=False)
class Delta:
    """What a style adds to each parameter of its base.

    Attributes:
        tensors: As in ``delta.safetensors``: ``<param>.delta`` in the parameter's shape, or ``<param>.A`` ``[r, n]``
            and ``<param>.B`` ``[m, r]`` with delta = B A. All of one dtype, float32, float16 or bfloat16, on the CPU;
            not to be written to.

    Raises:
        PackInvalid: The names or shapes do not fit together, or dtypes differ.
        NotFiniteError: A value is NaN or infinite.
    """

    tensors: Mapping[str, Tensor]

    def __post_init__(self) -> None:
        if not self.tensors:
            raise PackInvalid("a delta without a single tensor")
        if len({tensor.dtype for tensor in self.tensors.values()}) > 1:
            raise PackInvalid("the delta's tensors have different dtypes")
        if self.dtype not in (torch.float32, torch.float16, torch.bfloat16):
            raise PackInvalid(f"a delta cannot be stored as {self.dtype}")
        plain = {key: self.tensors[key].detach().cpu().contiguous() for key in sorted(self.tensors)}
        object.__setattr__(self, "tensors", plain)
        _ = self.forms  # which checks names and shapes
        for key, tensor in plain.items():
            if not bool(torch.isfinite(tensor).all()):
                hint = "The style is damaged, or too strong."
                raise NotFiniteError(f"{key} holds NaN or infinity", where=key, hint=hint)

    @classmethod
    def between(cls, base: Mapping[str, Tensor], fitted: Mapping[str, Tensor]) -> Delta:
        """The whole delta ``fitted - base``, float32, of two sets of parameters with the same names and shapes.

        Raises:
            PackIncompatible: Names or shapes differ.
            NotFiniteError: The fit diverged.
        """
        if base.keys() != fitted.keys() or any(base[name].shape != fitted[name].shape for name in base):
            raise PackIncompatible("the fitted parameters have other names or shapes than the base's")
        changes = {name: fitted[name].detach().cpu().double() - p.detach().cpu().double() for name, p in base.items()}
        return cls({f"{name}.delta": change.float() for name, change in changes.items()})

    @property
    def dtype(self) -> torch.dtype:
        """The dtype that it is stored in."""
        return next(iter(self.tensors.values())).dtype

    @cached_property
    def forms(self) -> Forms:
        """How each parameter's delta is stored."""
        return Forms.of({key: tuple(tensor.shape) for key, tensor in self.tensors.items()})

    @property
    def rank(self) -> int:
        """The largest rank of a parameter's delta in low rank; 0 if all are whole."""
        return max(form.rank or 0 for form in self.forms.values())

    @cached_property
    def norm(self) -> float:
        """The Frobenius norm over all parameters; 0 if the style does nothing."""
        squares = sum(float(self.dense(name, torch.float64).square().sum()) for name in self.forms)
        return float(squares**0.5)

    def dense(self, parameter: str, dtype: torch.dtype = torch.float32) -> Tensor:
        """One parameter's delta, whole: in the parameter's shape, or ``[m, n]`` if it is stored in low rank."""
        return dense(self.tensors, parameter, dtype)

    def to(self, dtype: torch.dtype) -> Delta:
        """The same, stored in another dtype.

        Raises:
            NotFiniteError: A value is too large for it.
        """
        return self if dtype == self.dtype else Delta({key: tensor.to(dtype) for key, tensor in self.tensors.items()})


def dense(
    tensors: Mapping[str, Tensor],
    parameter: str,
    dtype: torch.dtype = torch.float32,
    device: torch.device | None = None,
) -> Tensor:
    """One parameter's delta of tensors as in ``Delta.tensors``; differentiable in them."""
    whole = tensors.get(f"{parameter}.delta")
    if whole is not None:
        return whole.to(device, dtype)
    return tensors[f"{parameter}.B"].to(device, dtype) @ tensors[f"{parameter}.A"].to(device, dtype)


def weighted_sum(terms: Sequence[tuple[Delta, float]]) -> Delta:
    """The exact weighted sum of deltas of one base.

    Whole deltas are summed in float64 and rounded once, to float32. If all are in low rank, so is the sum: factors are
    concatenated, ``B = [w1 B1, w2 B2, ...]`` and ``A = [A1; A2; ...]``, because summing A and B apart would add cross
    terms. One delta at weight 1 is that delta.

    Raises:
        ConfigError: A weight is not a finite number.
        PackIncompatible: Deltas of different bases.
        NotFiniteError: The sum overflows float32.
    """
    for _, weight in terms:
        if not isfinite(weight):
            raise ConfigError(f"the weight of a style is {weight}", hint="Give finite numbers, such as 0.7 and 0.3.")
    if len(terms) == 1 and terms[0][1] == 1:
        return terms[0][0]
    stored = [delta.forms for delta, _ in terms]
    if any(found.keys() != stored[0].keys() for found in stored):
        raise PackIncompatible("the styles re-weight different parameters", hint="Mix styles of one base.")
    tensors: dict[str, Tensor] = {}
    for name in stored[0]:
        each = [found[name] for found in stored]
        # A whole one knows the parameter's own shape, which a kernel's factors do not.
        whole = next((form for form in each if form.rank is None), None)
        if not all(form.shape == each[0].shape if whole is None else form.fits(whole.shape) for form in each):
            raise PackIncompatible(f"the styles differ in the shape of {name}", hint="Mix styles of one base.")
        if whole is None:
            tensors[f"{name}.A"] = torch.cat([delta.tensors[f"{name}.A"].float() for delta, _ in terms])
            factors = [(delta.tensors[f"{name}.B"].double() * weight).float() for delta, weight in terms]
            tensors[f"{name}.B"] = torch.cat(factors, dim=1)
            continue
        total = torch.zeros(whole.shape, dtype=torch.float64)
        for delta, weight in terms:
            total += weight * delta.dense(name, torch.float64).reshape(whole.shape)
        tensors[f"{name}.delta"] = total.float()
    return Delta(tensors)


def low_rank(delta: Delta, rank: int) -> Delta:
    """The nearest delta of a rank (truncated SVD; Eckart and Young, 1936), float32.

    The singular values are shared between the factors, which keeps both in float16's range. Vectors stay whole, as do
    matrices that factors would not make smaller.

    Raises:
        ConfigError: A rank under 1.
    """
    if rank < 1:
        raise ConfigError(f"a rank of {rank}", hint="Give 1 or more.")
    tensors: dict[str, Tensor] = {}
    for name, form in delta.forms.items():
        if form.rank is not None and form.rank <= rank:
            tensors |= {key: delta.tensors[key].float() for key in (f"{name}.A", f"{name}.B")}
            continue
        whole = delta.dense(name, torch.float64)
        matrix = whole.reshape(whole.shape[0], -1) if whole.ndim >= 2 else whole
        if form.rank is None and (whole.ndim < 2 or rank * sum(matrix.shape) >= matrix.numel()):
            tensors[f"{name}.delta"] = whole.float()
            continue
        u, s, v = torch.linalg.svd(matrix, full_matrices=False)
        root = s[:rank].sqrt()
        tensors[f"{name}.B"] = (u[:, :rank] * root).float()
        tensors[f"{name}.A"] = (root[:, None] * v[:rank]).float()
    return Delta(tensors)


def energy(whole: Delta, small: Delta) -> float:
    """The share of a delta's squared norm that another delta of the same base keeps: 1 if they are the same."""
    gaps = (whole.dense(n, torch.float64).flatten() - small.dense(n, torch.float64).flatten() for n in whole.forms)
    lost = sum(float(gap.square().sum()) for gap in gaps)
    return 1 - lost / whole.norm**2 if whole.norm else 1.0
