"""Registry and cards: a name -> a built, checked, cached network on a device. No pickle on any path."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from allcad_core import devices, files
from allcad_core.errors import ModelError, UnknownNameError

if TYPE_CHECKING:
    import torch

WEIGHTS = Path(__file__).resolve().parent.parent / "weights"
CARDS = "cards.json"
SCALE_SUFFIX = "::scale"
"""Beside an 8-bit weight stands its scale per output channel under this name."""

Task = Literal["cell", "field", "detect", "segment"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure: out of fold, with its interval and where it comes from."""

    name: str
    value: float
    low: float | None
    high: float | None
    protocol: str
    source: str


@dataclass(frozen=True)
class Card:
    """What a model is, how it was made and what it scores; one entry of ``weights/cards.json``.

    Attributes:
        name: its name everywhere.
        title: one line for people.
        task: ``cell`` (a crop), ``field`` (a whole picture), ``detect`` (boxes) or ``segment`` (masks).
        file: weight file beside the cards.
        sha256: digest of that file.
        storage: ``fp16``, or ``int8`` with a scale per output channel.
        builder: ``module:function`` in allcad_core that builds the network from ``arguments``.
        arguments: for the builder.
        input: what the network wants to see (``size`` in px, and what its task needs besides).
        classes: names of the outputs in order.
        parameters: how many numbers the network has.
        temperature: calibration; logits are divided by it (Guo et al. 2017).
        threshold: operating threshold, chosen out of fold.
        paper: what it implements, and how it differs.
        trained_on, never_seen: the data, in words.
        command: what trained it.
        licences: of the training data, and what follows for the weights.
        figures: measured out of fold.
    """

    name: str
    title: str
    task: Task
    file: str
    sha256: str
    storage: str
    builder: str
    arguments: Mapping[str, Any]
    input: Mapping[str, Any]
    classes: tuple[str, ...]
    parameters: int
    temperature: float
    threshold: float
    paper: str
    trained_on: str
    never_seen: str
    command: str
    licences: str
    figures: tuple[Figure, ...] = field(default=())


def cards(folder: Path | None = None) -> dict[str, Card]:
    """All cards by name.

    Args:
        folder: of the weights; ``WEIGHTS`` without it, here and below.

    Raises:
        ModelError: the file of cards is missing or not what it should be.
    """
    path = (folder or WEIGHTS) / CARDS
    try:
        return dict(_parsed(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise ModelError(f"{CARDS} is missing from the weights folder. Restore it from the repository.") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{CARDS} is damaged ({error}). Restore it from the repository.") from error


@lru_cache(maxsize=4)
def _parsed(text: str) -> Mapping[str, Card]:
    """The cards in a text: a page asks for one many times while it is drawn."""
    return {name: _card(name, entry) for name, entry in json.loads(text)["models"].items()}


def _card(name: str, entry: Mapping[str, Any]) -> Card:
    figures = tuple(Figure(**figure) for figure in entry.get("figures", ()))
    rest = {key: value for key, value in entry.items() if key != "figures"}
    return Card(name=name, **{**rest, "classes": tuple(rest["classes"])}, figures=figures)


def card(name: str, folder: Path | None = None) -> Card:
    """The card of one model. Raises UnknownNameError."""
    known = cards(folder)
    if name not in known:
        raise UnknownNameError("model", name, list(known))
    return known[name]


def build(builder: str, arguments: Mapping[str, Any]) -> torch.nn.Module:
    """An untrained network from ``module:function`` within allcad_core. Raises ModelError."""
    module, _, function = builder.partition(":")
    if not module.startswith("allcad_core."):
        raise ModelError(f"'{builder}' is not a builder of allcad.")
    try:
        network: torch.nn.Module = getattr(import_module(module), function)(**arguments)
    except (ImportError, AttributeError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"'{builder}' does not build a network: {error}.") from error
    return network


class Runner(Protocol):
    """A compiled network: pictures in, the network's answer out. Safe to share by threads."""

    def __call__(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The answer to uint8 (n, height, width, 3)."""


class Served:
    """A trained network with its card on a device, guarded by a lock so that threads can share it.

    Args:
        card: of the network.
        network: for torch; one that is compiled may come without, and loads it where torch itself is needed.
        device: where it computes.
        runner: the network compiled.
    """

    def __init__(
        self,
        card: Card,
        network: torch.nn.Module | None,
        device: devices.Device,
        runner: Runner | None = None,
    ) -> None:
        self.card = card
        self.device = device
        self.runner = runner
        self._loaded = network
        self._lock = RLock()

    @property
    def _network(self) -> torch.nn.Module:
        """The network for torch, on its device."""
        if self._loaded is None:
            self._loaded = load(self.card.name, str(self.device))
        return self._loaded

    @classmethod
    def load(cls, name: str, device: torch.device) -> Self:
        """The shipped network of a card. Raises UnknownNameError and ModelError."""
        return cls(card(name), load(name, device), device)

    @contextmanager
    def lent(self) -> Iterator[torch.nn.Module]:
        """The network for as long as the block lasts; nobody else runs it meanwhile. Leave it as it was."""
        with self._lock:
            yield self._network


_LOCK = RLock()


def load(name: str, device: torch.device | str | None = None, folder: Path | None = None) -> torch.nn.Module:
    """The trained network of a card, checked, in evaluation mode; in half precision on CUDA.

    The same object is given to all that ask: guard it by a lock of your own where you run it from several threads.

    Raises:
        UnknownNameError: no such card.
        ModelError: the weight file is missing, damaged or of another network.
        DeviceError: no such device.
    """
    where = devices.choose(None if device is None else str(device))
    with _LOCK:  # functools.cache alone would let two visitors build the same network twice
        return _load(name, str(where), folder or WEIGHTS)


@cache
def _load(name: str, device: str, folder: Path) -> torch.nn.Module:
    import torch

    where = torch.device(device)
    network = fresh(name, folder).to(where)
    return network.half() if devices.half_precision(where) else network


def fresh(name: str, folder: Path | None = None) -> torch.nn.Module:
    """A trained network of one's own, on the CPU, in evaluation mode; errors as ``load``."""
    folder = folder or WEIGHTS
    entry = card(name, folder)
    network = build(entry.builder, entry.arguments)
    state = read_weights(folder / entry.file, entry.sha256)
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise ModelError(
            f"{entry.file} does not fit the network of '{name}'. Restore it from the repository."
        ) from error
    return network.eval().requires_grad_(requires_grad=False)


def read_weights(path: Path, sha256: str) -> dict[str, torch.Tensor]:
    """Weights of a safetensors file as float32, after its digest was checked. Raises ModelError."""
    from safetensors import SafetensorError
    from safetensors.torch import load as parse

    content = _checked(path, sha256)
    try:
        return _widen(parse(content))
    except (SafetensorError, RuntimeError) as error:  # RuntimeError: a scale that does not fit its weight
        raise ModelError(f"{path.name} is no safetensors file. Restore it from the repository.") from error


def read_arrays(entry: Card, folder: Path | None = None) -> dict[str, NDArray[Any]]:
    """Weights of a card that are stored as they are, without torch, after the digest was checked. Raises ModelError."""
    from safetensors import SafetensorError
    from safetensors.numpy import load as parse

    content = _checked((folder or WEIGHTS) / entry.file, entry.sha256)
    try:
        return dict(parse(content))
    except SafetensorError as error:
        raise ModelError(f"{entry.file} is no safetensors file. Restore it from the repository.") from error


def _checked(path: Path, sha256: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"The weight file {path.name} cannot be read. Restore it from the repository.") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError(f"{path.name} is not the file that its card names (SHA-256 differs). Restore it.")
    return content


def _widen(stored: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    state = {}
    for key, value in stored.items():
        if key.endswith(SCALE_SUFFIX):
            continue
        scale = stored.get(key + SCALE_SUFFIX)
        wide = value.float() if value.is_floating_point() or scale is not None else value
        state[key] = wide if scale is None else wide * scale.float().view(-1, *[1] * (wide.ndim - 1))
    return state


def write_weights(state: Mapping[str, torch.Tensor], path: Path, storage: str = "fp16") -> str:
    """Write weights as half floats, or matrices as 8-bit numbers with a scale per output channel.

    Returns:
        The SHA-256 of the file.
    """
    import torch
    from safetensors.torch import save

    stored: dict[str, torch.Tensor] = {}
    for key, value in state.items():
        tensor = value.detach().cpu()
        if storage == "int8" and tensor.is_floating_point() and tensor.ndim > 1:
            peak = tensor.flatten(1).abs().amax(1).clamp_min(1e-12)
            stored[key + SCALE_SUFFIX] = peak / 127
            shape = (-1, *[1] * (tensor.ndim - 1))
            stored[key] = (tensor / (peak / 127).view(shape)).round().clamp(-127, 127).to(torch.int8).contiguous()
        else:
            stored[key] = (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
    content = save(stored)
    files.write(path, content)
    return hashlib.sha256(content).hexdigest()


def write_card(entry: Card, folder: Path | None = None) -> None:
    """Add or replace one card in the file of cards. Raises ModelError where that file is damaged."""
    path = (folder or WEIGHTS) / CARDS
    known = {**(cards(folder) if path.exists() else {}), entry.name: entry}
    models = {name: asdict(card) for name, card in known.items()}
    for fields in models.values():
        del fields["name"]
    whole = {"format": 1, "models": models}
    files.write(path, (json.dumps(whole, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode())
