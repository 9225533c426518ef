import pytest
import torch

from sdk.device import resolve_device
from sdk.errors import DeviceError


def test_auto_takes_what_is_there():
    expected = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    assert resolve_device("auto").type == expected


@pytest.mark.parametrize("name", ["quantum", "cuda:99"])
def test_a_device_that_is_not_there_is_named(name):
    with pytest.raises(DeviceError, match=name):
        resolve_device(name)
