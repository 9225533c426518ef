"""Which device networks run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sdk.arguments import shown
from sdk.errors import DeviceError

if TYPE_CHECKING:
    import torch

__all__ = ["resolve_device"]


def resolve_device(device: str | torch.device = "auto") -> torch.device:
    """Turn a name that torch knows into a device; ``"auto"`` is CUDA if available, then Apple's MPS, then the CPU.

    Raises:
        DeviceError: The device is unknown, or not on this machine.
    """
    import torch

    hint = "Give auto, cpu, cuda or mps."
    if isinstance(device, bool) or not isinstance(device, str | int | torch.device):
        raise DeviceError(f"{shown(device)} is not a device", hint=hint)
    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        resolved = torch.device(device)
        torch.empty(1, device=resolved).cpu()  # which the device "meta" cannot do: it holds no numbers
    except (RuntimeError, AssertionError, ValueError, TypeError) as error:
        what = f"the device {str(device)!r} cannot be used: {(str(error).splitlines() or [type(error).__name__])[0]}"
        raise DeviceError(what, hint=hint) from error
    return resolved
