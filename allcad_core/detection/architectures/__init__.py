"""Networks that Ultralytics does not bring, written down as it reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from allcad_core.detection.architectures import yolov7

CONFIGURATIONS: Mapping[str, Callable[[int], dict[str, Any]]] = {
    "yolov7-tiny.yaml": yolov7.tiny,
    "yolov7.yaml": yolov7.full,
    "yolov7-e6.yaml": yolov7.e6,
}
"""Name -> what makes its configuration for a number of classes."""
