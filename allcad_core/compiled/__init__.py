"""Networks compiled for the CPU: made once from the shipped weights, kept in the user's cache folder, answering as torch."""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from threading import RLock, Thread
from typing import TYPE_CHECKING

from allcad_core import devices, models
from allcad_core.compiled import shelf
from allcad_core.errors import CompileError, DeviceError
from allcad_core.models import Runner

if TYPE_CHECKING:
    import openvino

# OpenVINO tells its makers of every import unless that package is missing, and then goes on without it. Nothing is sent here.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

TASKS = ("cell", "detect", "segment")
"""What kinds of networks are compiled."""

_SAY = logging.getLogger(__name__)
_LOCK = RLock()
_RUNNERS: dict[Path, Runner] = {}


def names() -> list[str]:
    """The shipped networks that can be compiled."""
    return [name for name, card in models.cards().items() if card.task in TASKS]


def is_made(name: str) -> bool:
    """Whether the compiled network of a card is at hand. Raises UnknownNameError and ModelError."""
    path = shelf.path_of(models.card(name))
    return path is not None and (path in _RUNNERS or path.exists())


def choose(device: str | None, backend: str | None, needed: Iterable[str]) -> devices.Device:
    """Where to compute, and by what.

    Args:
        device: see ``devices.choose``.
        backend: see ``devices.backend``. With ``compiled``, networks that are not made yet are made; with ``auto``
            they are used where all of ``needed`` are made.
        needed: cards.

    Returns:
        ``devices.COMPILED_CPU`` where compiled networks are to answer, else a device of torch. What keeps them from
        answering is logged, and torch answers.

    Raises:
        DeviceError: no such device or backend, or ``compiled`` was asked for on a device that is not the CPU.
        UnknownNameError, ModelError: of the cards.
    """
    wanted = devices.backend(backend)
    if wanted == "torch":
        return devices.choose(device)
    if not devices.is_cpu(device):
        if backend is not None and wanted == "compiled" and device is not None:
            raise DeviceError(f"The compiled backend runs on the CPU, not on '{device}'.")
        return devices.choose(device)
    needed = list(needed)
    if wanted == "auto" and not all(is_made(name) for name in needed):
        return devices.choose(device)
    try:
        for name in needed:
            load(name)
    except (CompileError, ImportError, RuntimeError) as error:  # RuntimeError: OpenVINO's
        _SAY.warning("The compiled backend cannot be used, torch answers instead: %s", error)
        return devices.choose(device)
    return devices.COMPILED_CPU


def choose_and_make(device: str | None, backend: str | None, needed: Iterable[str]) -> devices.Device:
    """As ``choose``, but ``auto`` makes what is missing where it can be kept, so that the next start is fast."""
    if devices.backend(backend) == "auto" and devices.is_cpu(device) and shelf.is_writable():
        backend = "compiled"
    return choose(device, backend, needed)


def make_ahead(needed: Iterable[str]) -> Thread | None:
    """Make in the background what ``auto`` would use, so that a later question finds it; until then torch answers.

    Returns:
        The thread that does it; ``None`` where nothing is to be made, or torch or a GPU is chosen.
    """
    if devices.backend() != "auto" or not devices.is_cpu() or not shelf.is_writable():
        return None
    missing = [name for name in needed if not is_made(name)]
    if not missing:
        return None
    thread = Thread(target=lambda: choose("cpu", "compiled", missing), name="allcad-compile", daemon=True)
    thread.start()
    return thread


def load(name: str) -> Runner:
    """The compiled network of a card; read from the cache folder, made where it is missing or damaged there.

    Where the folder cannot be written, the network is kept in memory, and that is logged.

    Raises:
        UnknownNameError: no such card.
        ModelError: its weights are missing or damaged.
        CompileError: it cannot be compiled, or OpenVINO is not installed.
    """
    card = models.card(name)
    path = shelf.path_of(card)
    if path is None:
        raise CompileError("OpenVINO is not installed; the compiled backend needs it.")
    with _LOCK:
        if path not in _RUNNERS:
            _RUNNERS[path] = _from_shelf(path) or _made(card, path)
        return _RUNNERS[path]


def sweep() -> list[Path]:
    """Delete compiled networks of other versions or weights from the cache folder; those that were deleted."""
    current = {shelf.path_of(card) for card in models.cards().values()}
    gone = []
    for path in sorted(shelf.folder().glob(f"*{shelf.ENDING}")):
        if path not in current:
            path.unlink(missing_ok=True)
            gone.append(path)
    return gone


def forget() -> None:
    """Let go of all compiled networks of this process; the files stay."""
    with _LOCK:
        _RUNNERS.clear()


def _from_shelf(path: Path) -> Runner | None:
    from allcad_core.compiled.runtime import Network, core

    stored = shelf.read(path)
    if stored is None:
        return None
    return Network(core().read_model(model=stored[0], weights=stored[1]))


def _made(card: models.Card, path: Path) -> Runner:
    from allcad_core.compiled.graphs import make
    from allcad_core.compiled.runtime import Network

    graph = make(card)
    try:
        shelf.write(path, *_serialised(graph))
    except OSError as error:
        _SAY.warning(
            "'%s' compiled is kept in memory only: %s cannot be written (%s).", card.name, path.parent, error.strerror
        )
    return Network(graph)


def _serialised(graph: openvino.Model) -> tuple[bytes, bytes]:
    import openvino

    with tempfile.TemporaryDirectory() as folder:
        description, weights = Path(folder, "graph.xml"), Path(folder, "graph.bin")
        openvino.serialize(graph, str(description), str(weights))
        return description.read_bytes(), weights.read_bytes()
