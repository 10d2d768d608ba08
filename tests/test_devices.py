"""Which device is chosen, by whom, and what is said where it is missing."""

import pytest
import torch

from allcad_core import devices
from allcad_core.errors import DeviceError


@pytest.fixture
def machine(monkeypatch):
    """A machine with the given accelerators."""

    def build(cuda: int = 0, mps: bool = False) -> None:
        monkeypatch.delenv(devices.VARIABLE, raising=False)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return build


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"), [(0, False, "cpu"), (1, False, "cuda"), (0, True, "mps"), (1, True, "cuda")]
)
@pytest.mark.parametrize("wanted", [None, "auto", "AUTO", ""])
def test_the_best_device_is_chosen_where_nobody_chooses(machine, cuda, mps, expected, wanted):
    machine(cuda, mps)
    assert devices.choose(wanted).type == expected


def test_the_environment_chooses_and_the_argument_is_stronger(machine, monkeypatch):
    machine(cuda=2)
    monkeypatch.setenv(devices.VARIABLE, "cpu")
    assert devices.choose().type == "cpu"
    assert devices.choose("cuda:1") == torch.device("cuda:1")


@pytest.mark.parametrize("wanted", ["cuda", "cuda:0", "mps", "meta"])
def test_a_device_that_is_not_there_is_refused_with_the_remedy(machine, wanted):
    machine()
    with pytest.raises(DeviceError, match=rf"'{wanted}' is not on this machine\. Use --device cpu"):
        devices.choose(wanted)


def test_a_card_beyond_the_last_is_refused(machine):
    machine(cuda=1)
    with pytest.raises(DeviceError, match="cuda:1"):
        devices.choose("cuda:1")


@pytest.mark.parametrize("wanted", ["gpu", "cuda:x", "nonsense"])
def test_what_is_no_device_is_refused(machine, wanted):
    machine()
    with pytest.raises(DeviceError, match="is not a device"):
        devices.choose(wanted)


def test_half_precision_is_for_cuda_only():
    assert devices.half_precision(torch.device("cuda:1"))
    assert not devices.half_precision(torch.device("cpu"))
    assert not devices.half_precision(torch.device("mps"))
