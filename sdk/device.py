"""Which device networks run on."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sdk.arguments import shown
from sdk.errors import DeviceError

if TYPE_CHECKING:
    import torch

__all__ = ["one_thread", "resolve_device"]


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


def cores() -> int:
    """How many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_lock = threading.Lock()
_users, _threads_before = 0, 1


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute each operation with one thread, and its own number again once nobody is in here.

    A fit is thousands of small products: more threads wait for one another at each, and on a busy machine for whatever
    else runs. Several fits on several cores are faster than one fit on all, and no number of cores changes the bits.
    """
    import torch

    global _users, _threads_before
    with _lock:
        if _users == 0:
            _threads_before = torch.get_num_threads()
            torch.set_num_threads(1)
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                torch.set_num_threads(_threads_before)
