"""Which device networks run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

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

    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        resolved = torch.device(device)
        torch.empty(0, device=resolved)
    except (RuntimeError, AssertionError) as error:
        what = f"the device {str(device)!r} cannot be used: {str(error).splitlines()[0]}"
        raise DeviceError(what, hint="Give auto, cpu, cuda or mps.") from error
    return resolved
