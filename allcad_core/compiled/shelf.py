"""Where compiled networks lie: one checked file each in the user's cache folder, found by what it was made from."""

from __future__ import annotations

import hashlib
import os
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from allcad_core.files import replacing
from allcad_core.models import Card

VARIABLE = "ALLCAD_CACHE"
"""Environment variable that names the cache folder."""
LIBRARY = "openvino"
ENDING = ".network"
MAGIC = b"allcad network 1\n"
RECIPE = "1"
"""Goes up when networks are compiled in another way; what was made before is then made anew."""
DIGEST = hashlib.sha256().digest_size
LENGTH = 8
"""Bytes that hold the length of the graph's description."""


def folder() -> Path:
    """The cache folder: ``$ALLCAD_CACHE``, else the place that the system has for such files; it may not exist yet."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "allcad" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "allcad"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "allcad"


def is_writable() -> bool:
    """Whether networks can be kept: the folder, or the nearest one above it that is there, may be written to."""
    wanted = folder().absolute()
    nearest = next((path for path in (wanted, *wanted.parents) if path.exists()), wanted)
    return nearest.is_dir() and os.access(nearest, os.W_OK)


def path_of(card: Card) -> Path | None:
    """The file of a card's compiled network, whether it is there or not; ``None`` where the library is missing."""
    try:
        library = version(LIBRARY)
    except PackageNotFoundError:
        return None
    source = "\n".join((RECIPE, library, card.sha256, card.builder, repr(sorted(card.arguments.items()))))
    return folder() / f"{card.name}-{hashlib.sha256(source.encode()).hexdigest()[:16]}{ENDING}"


def write(path: Path, graph: bytes, weights: bytes) -> None:
    """Write a network whole or not at all. Raises OSError."""
    body = len(graph).to_bytes(LENGTH, "big") + graph + weights
    with replacing(path) as half:
        half.write_bytes(MAGIC + hashlib.sha256(body).digest() + body)


def read(path: Path) -> tuple[bytes, bytes] | None:
    """Description of the graph and weights; ``None`` where the file is missing, cannot be read or is damaged."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    start = len(MAGIC) + DIGEST
    body = memoryview(content)[start:]
    if content[: len(MAGIC)] != MAGIC or hashlib.sha256(body).digest() != content[len(MAGIC) : start]:
        return None
    end = LENGTH + int.from_bytes(body[:LENGTH], "big")
    return bytes(body[LENGTH:end]), bytes(body[end:])
