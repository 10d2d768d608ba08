"""The only door to Ultralytics: networks from its YAML, weights from safetensors, resizing and suppression on the device."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from allcad_core import compiled, devices, models
from allcad_core.detection.architectures import CONFIGURATIONS
from allcad_core.detection.base import Detections
from allcad_core.detection.plain import letterboxed, suppressed
from allcad_core.detection.sliced import detect_sliced
from allcad_core.errors import ModelError
from allcad_core.ground import BALANCED
from allcad_core.results import Label

if TYPE_CHECKING:
    import torch

RED_CELL_PX = 28.0
"""Fields are resized until a red cell measures this many px: magnifications look alike to the network."""
STRIDE = 32
LONG_SIDE, LONGEST, SHORTEST = 640, 1280, 128
"""Long side in px where the scale is unknown, and its bounds where it is known."""
OVERLAP = 5.0
"""Slices of larger fields share so many red-cell diameters: more than the largest white cell."""
LEAST_SCORE = 0.05
"""Boxes under this are noise; every box above it is kept, so that filtering later equals a fresh run."""
SUPPRESS_IOU = 0.5
MOST_BOXES = 1000
LAST_RATE = 0.01
"""Share of the learning rate that is left at the end of a training."""
CLASSES = ("blast", "healthy")
"""Of every detector that is trained here."""


@cache
def ultralytics() -> ModuleType:
    """The package, imported so that it asks no host, installs nothing, and leaves the number of threads as it was."""
    os.environ.update(YOLO_OFFLINE="true", YOLO_AUTOINSTALL="false", YOLO_VERBOSE="false")
    os.environ.setdefault(
        "YOLO_CONFIG_DIR",
        str(Path(tempfile.gettempdir()) / f"allcad-yolo-{os.getuid() if hasattr(os, 'getuid') else 0}"),
    )
    Path(os.environ["YOLO_CONFIG_DIR"]).mkdir(parents=True, exist_ok=True)
    with _surroundings_kept():
        import ultralytics as package
        import ultralytics.nn.tasks
        import ultralytics.utils.nms

    return package


@contextmanager
def _surroundings_kept() -> Iterator[None]:
    """Undo what import and training do to others.

    Threads of torch and OpenCV, variables, the way that numbers are printed, and Pillow's way to open a picture, which
    would else ask for a package that is not installed where a file is no picture.
    """
    import cv2
    import torch
    from PIL import Image

    threads, cv2_threads = torch.get_num_threads(), cv2.getNumThreads()
    variables, printing, opening = dict(os.environ), np.get_printoptions(), Image.open
    try:
        yield
    finally:
        for name in set(os.environ) - set(variables):
            del os.environ[name]
        os.environ.update(variables)
        Image.open = opening
        torch.set_num_threads(threads)
        cv2.setNumThreads(cv2_threads)
        np.set_printoptions(**printing)
        torch.set_printoptions(profile="default")  # type: ignore[no-untyped-call]


def build(architecture: str, classes: int = 2) -> torch.nn.Module:
    """An untrained network from a YAML that Ultralytics brings, or from a configuration of our own.

    Args:
        architecture: such as ``yolo11n.yaml``, where a letter chooses the size; ours are ``CONFIGURATIONS``.
        classes: number of classes.

    Raises:
        ModelError: there is no such YAML.
    """
    package = ultralytics()
    if Path(architecture).name != architecture or Path(architecture).suffix != ".yaml":
        raise ModelError(f"'{architecture}' is not the name of an architecture, such as yolo11n.yaml.")
    own = CONFIGURATIONS.get(architecture)
    try:
        network: torch.nn.Module = package.nn.tasks.DetectionModel(
            architecture if own is None else own(classes), ch=3, nc=classes, verbose=False
        )
    except (FileNotFoundError, SyntaxError) as error:
        raise ModelError(f"Ultralytics brings no architecture '{architecture}'.") from error
    return network


def target_size(width: int, height: int, red_cell_diameter: float | None) -> tuple[int, int]:
    """Width and height in px that the network sees, before padding to multiples of 32."""
    longest = max(width, height)
    scale = LONG_SIDE / longest if red_cell_diameter is None else RED_CELL_PX / red_cell_diameter
    scale = min(max(scale, SHORTEST / longest), LONGEST / longest)
    return max(1, round(width * scale)), max(1, round(height * scale))


class Yolo(models.Served):
    """A trained YOLO: a balanced field in, boxes with labels out. Safe to share by threads."""

    def detect(self, balanced: NDArray[np.uint8], red_cell_diameter: float | None) -> Detections:
        """White cells of one field, one label a box, every score from ``LEAST_SCORE`` on, best first.

        A field that is larger than ``LONGEST`` at the scale of its red cells is looked at in slices. A card whose ``input``
        names a ``long_side`` wants every field at that size instead, as the papers' networks do.

        Args:
            balanced: uint8 (height, width, 3), RGB, balanced.
            red_cell_diameter: in px of that picture, ``None`` where unknown.
        """
        height, width = balanced.shape[:2]
        long_side = self.card.input.get("long_side")
        if long_side:
            red_cell_diameter = RED_CELL_PX * max(width, height) / float(long_side)
        if red_cell_diameter is None or max(width, height) * RED_CELL_PX <= LONGEST * red_cell_diameter:
            return self._look(balanced, red_cell_diameter)
        return detect_sliced(
            lambda window: self._look(balanced[window[1] : window[3], window[0] : window[2]], red_cell_diameter),
            width,
            height,
            side=int(LONGEST * red_cell_diameter / RED_CELL_PX),
            overlap=int(OVERLAP * red_cell_diameter),
        )

    def _look(self, balanced: NDArray[np.uint8], red_cell_diameter: float | None) -> Detections:
        """One pass of the network over a picture or slice."""
        height, width = balanced.shape[:2]
        if self.runner is not None:
            wide, high = target_size(width, height, red_cell_diameter)
            answer = self.runner(letterboxed(balanced, wide, high, STRIDE))[0]
            found, scale = suppressed(answer, LEAST_SCORE, SUPPRESS_IOU, MOST_BOXES), _scale(balanced, wide, high)
        else:
            assert not isinstance(self.device, devices.CompiledCpu)
            batch, scale = prepare(balanced, red_cell_diameter, self.device)
            with self._lock:
                found = self.suppress(self.infer(batch))[0]
        boxes = np.clip(found[:, :4] / scale, 0, [width, height, width, height])
        order = np.argsort(-found[:, 4], kind="stable")
        return Detections(boxes[order], found[order, 4], tuple(self._label(found[index, 5]) for index in order))

    def infer(self, batch: torch.Tensor) -> torch.Tensor:
        """The network's raw answer to what ``prepare`` gives, stacked."""
        import torch

        with torch.inference_mode():
            answer: torch.Tensor = self._network(batch)
        return answer

    def suppress(self, answer: torch.Tensor) -> list[NDArray[np.float64]]:
        """Of each picture the boxes that stay: float64 (n, 6), x0, y0, x1, y1 in network px, score, number of the class."""
        kept = ultralytics().utils.nms.non_max_suppression(
            answer,
            conf_thres=LEAST_SCORE,
            iou_thres=SUPPRESS_IOU,
            agnostic=True,
            max_det=MOST_BOXES,
            nc=len(self.card.classes),
            max_time_img=60.0,  # a limit of milliseconds would make the answer depend on the machine's load
        )
        return [found.float().cpu().numpy().astype(np.float64) for found in kept]

    def _label(self, number: float) -> Label:
        return "blast" if self.card.classes[int(number)] == "blast" else "healthy"


@cache
def yolo(name: str, device: devices.Device) -> Yolo:
    """The shared detector of a card on a device."""
    if isinstance(device, devices.CompiledCpu):
        return Yolo(models.card(name), None, device, compiled.load(name))
    return Yolo.load(name, device)


def _scale(balanced: NDArray[np.uint8], wide: int, high: int) -> NDArray[np.float64]:
    """Network px per picture px as (x, y, x, y)."""
    height, width = balanced.shape[:2]
    return np.array([wide / width, high / height] * 2)


def prepare(
    balanced: NDArray[np.uint8], red_cell_diameter: float | None, device: torch.device
) -> tuple[torch.Tensor, NDArray[np.float64]]:
    """The picture resized and padded as (1, 3, height, width) in 0..1, and network px per picture px as (x, y, x, y)."""
    import torch
    from torchvision.transforms.v2.functional import resize

    height, width = balanced.shape[:2]
    wide, high = target_size(width, height, red_cell_diameter)
    image = devices.to_tensor(balanced, device).permute(2, 0, 1)
    small = resize(image, [high, wide], antialias=True)
    padded = torch.nn.functional.pad(small, (0, -wide % STRIDE, 0, -high % STRIDE), value=BALANCED)
    dtype = torch.float16 if devices.half_precision(device) else torch.float32
    return padded[None].to(dtype) / 255, _scale(balanced, wide, high)


def fit(
    architecture: str,
    data: Path,
    run: Path,
    *,
    weights: Path | None,
    settings: Mapping[str, Any],
    mixed: bool = False,
    after_epoch: Callable[[int, int], None] | None = None,
) -> Path:
    """Train a network with Ultralytics' own trainer; goes on from the last checkpoint of ``run`` where there is one.

    A run that is over is not run again.

    Args:
        architecture: see ``build``.
        data: YOLO data file (YAML) with absolute paths.
        run: folder of this run; holds checkpoints (intermediate, never shipped) and ``results.csv``.
        weights: checkpoint of an earlier training to start from.
        settings: of Ultralytics' trainer, such as epochs, imgsz, batch, lr0, seed, device.
        mixed: compute in bfloat16, see ``mixed``.
        after_epoch: told the epoch done and how many there are.

    Returns:
        The checkpoint of the last epoch, weights averaged.
    """
    from allcad_core.detection.mixed import narrow, precision

    package = ultralytics()
    last = run / "weights" / "last.pt"
    resuming = last.exists()
    network = package.YOLO(str(last) if resuming else _readable(architecture, run), task="detect")
    if resuming and _finished(network.ckpt):
        return last
    if weights is not None and not resuming:
        network.load(str(weights))
    if after_epoch is not None:
        tell = after_epoch
        network.add_callback("on_train_epoch_end", lambda trainer: tell(trainer.epoch + 1, trainer.epochs))
    network.add_callback("on_train_batch_start", _falling_rate())
    device = str(settings["device"])
    if mixed and device == "cpu":
        network.add_callback("on_train_start", narrow)
    with _surroundings_kept():
        if resuming:
            network.train(resume=True)
        else:
            network.train(
                data=str(data), project=str(run.parent.resolve()), name=run.name, exist_ok=True, plots=False,
                verbose=False, pretrained=weights is not None, amp=precision(device, mixed=mixed), **settings,
            )  # fmt: skip
    return last


def _falling_rate() -> Callable[[Any], None]:
    """Lets the learning rate fall with a cosine from batch to batch, for a trainer that lowers it between epochs only.

    Runs of one or two epochs would otherwise end at a rate at which weights still jump.
    """
    begun: list[int] = []

    def lower(trainer: Any) -> None:
        batches = len(trainer.train_loader)
        if not begun:
            begun.append(trainer.epoch * batches)
        share = begun[0] / (trainer.epochs * batches)
        begun[0] += 1
        for group in trainer.optimizer.param_groups:
            group["lr"] = group["initial_lr"] * max(LAST_RATE, (1 + math.cos(math.pi * share)) / 2)

    return lower


def _readable(architecture: str, run: Path) -> str:
    """What Ultralytics' trainer takes: the name of its own YAML, or a file in the run's folder that holds ours."""
    own = CONFIGURATIONS.get(architecture)
    if own is None:
        return architecture
    import yaml  # type: ignore[import-untyped]

    path = run / architecture
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(own(len(CLASSES))), encoding="ascii")
    return str(path)


def _finished(checkpoint: Mapping[str, Any]) -> bool:
    """Whether a checkpoint is that of a training that is over; its epoch is -1 once the optimiser is stripped off."""
    epoch = int(checkpoint.get("epoch", -1))
    return epoch < 0 or epoch + 1 >= int(checkpoint["train_args"]["epochs"])


def trained_state(checkpoint: Path) -> dict[str, torch.Tensor]:
    """Weights of a checkpoint that this machine has just trained. For training only: the product loads no pickle."""
    package = ultralytics()
    network = package.YOLO(str(checkpoint), task="detect").model
    return {key: value.float() for key, value in network.state_dict().items()}
