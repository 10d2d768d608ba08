"""torch, ONNX Runtime and OpenVINO side by side: ``python -m benchmarks.backends [NETWORK ...] [--whole-numbers --data DIR]``.

ONNX Runtime is measured only, not used: ``pip install onnxruntime==1.32.0 onnx==1.23.2 onnxscript==0.7.2`` first, or its
rows are left out. ``--whole-numbers`` adds INT8 of classifiers: weights and maps in whole numbers, their ranges from
generated cells. ``--data`` tells how far each way moves the answers about cells of ALL-IDB2 and fields of ALL-IDB1. Times
are those of the processor, the shortest of some runs; ``OMP_NUM_THREADS`` chooses the threads.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from allcad_core import compiled, models
from allcad_core.compiled import graphs
from allcad_core.compiled.runtime import Network, core, threads
from allcad_core.evaluation.parity import Answer as Found
from allcad_core.evaluation.parity import difference

CELLS = 20
FIELD = (736, 960)
"""Height and width in px that a detector or segmentation sees."""
RUNS = 4
Answer = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


def spent(work: Callable[[], object]) -> float:
    """Ms of processor time: the least of some runs after one that does not count."""
    times = []
    for _ in range(RUNS + 1):
        start = time.process_time()
        work()
        times.append(1000 * (time.process_time() - start))
    return min(times[1:])


def pictures_of(card: models.Card) -> NDArray[np.uint8]:
    """What a network is timed on: generated cells, or noise of a field's size."""
    if card.task != "cell":
        return np.random.default_rng(0).integers(60, 256, (1, *FIELD, 3), np.uint8)
    return cells_of(card, 3)[:CELLS]


def cells_of(card: models.Card, fields: int) -> NDArray[np.uint8]:
    """Crops of the cells of generated fields, as a classifier sees them."""
    from allcad_core.analysis import prepare
    from allcad_core.classification import cut_cells
    from allcad_core.devices import COMPILED_CPU
    from allcad_core.images import from_array
    from allcad_core.synthesis import generate

    crops = []
    for seed in range(fields):
        found = prepare(from_array(generate(seed, (960, 720)).pixels, "generated"), "stain", COMPILED_CPU)
        boxes = [region.box for region in found.segmentation.regions]
        crops.append(cut_cells(found.balanced, boxes, int(card.input["size"]), float(card.input["context"])))
    return np.concatenate(crops)


def answers(card: models.Card, folder: Path, *, whole_numbers: bool) -> Iterator[tuple[str, Answer]]:
    """Each way to an answer, torch first."""
    import torch

    network = graphs.whole(card, models.fresh(card.name))

    def by_torch(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        with torch.inference_mode():
            return np.asarray(network(torch.from_numpy(pictures)).numpy(), np.float32)

    yield "torch", by_torch
    yield "OpenVINO", Network(graphs.make(card))
    if "BF16" in core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        yield "OpenVINO, bfloat16", Network(graphs.make(card), precision="bf16")
    try:
        import onnx  # noqa: F401  what the export needs
        import onnxruntime
    except ImportError:
        print("ONNX Runtime is not installed; see --help.")
        return
    path = folder / f"{card.name}.onnx"
    _export(card, network, path)
    yield "ONNX Runtime", _runtime(onnxruntime, path)
    if whole_numbers and card.task == "cell":
        small = folder / f"{card.name}-int8.onnx"
        _in_whole_numbers(card, path, small)
        yield "ONNX Runtime, INT8", _runtime(onnxruntime, small)
        graph = core().read_model(str(small))
        yield "OpenVINO, INT8", Network(graph)


def _export(card: models.Card, network: object, path: Path) -> None:
    import torch

    example = torch.from_numpy(pictures_of(card)[:3])
    free = {0: "n"} if card.task == "cell" else {1: "height", 2: "width"}
    torch.onnx.export(
        network, (example,), str(path), input_names=["pictures"], output_names=["answer"], dynamo=False,
        opset_version=17, dynamic_axes={"pictures": free},
    )  # fmt: skip


def _runtime(onnxruntime: object, path: Path) -> Answer:
    options = onnxruntime.SessionOptions()  # type: ignore[attr-defined]
    options.intra_op_num_threads = threads()
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])  # type: ignore[attr-defined]
    return lambda pictures: np.asarray(session.run(None, {"pictures": pictures})[0], np.float32)


def _in_whole_numbers(card: models.Card, path: Path, small: Path) -> None:
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Cells(CalibrationDataReader):
        def __init__(self) -> None:
            self._left = iter(np.array_split(cells_of(card, 4), 4))

        def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
            part = next(self._left, None)
            return None if part is None else {"pictures": part}

    quantize_static(
        str(path), str(small), Cells(), quant_format=QuantFormat.QDQ, per_channel=True,
        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
    )  # fmt: skip


def real_cells(card: models.Card, data: Path, most: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Crops of ALL-IDB2 as a classifier sees them, and which show blasts."""
    from allcad_core.classification import cut_cells
    from allcad_core.classify import cell_box
    from allcad_core.datasets.allidb2 import crops
    from allcad_core.ground import balance

    records = crops(data)
    records = records[:: max(1, len(records) // most)]
    seen, blasts = [], []
    for record in records:
        pixels = record.read().pixels
        box = cell_box(pixels, "cpu") or (0.0, 0.0, float(pixels.shape[1]), float(pixels.shape[0]))
        seen.append(cut_cells(balance(pixels), [box], int(card.input["size"]), float(card.input["context"])))
        blasts.append(record.label == "blast")
    return np.concatenate(seen), np.asarray(blasts)


def moved_boxes(card: models.Card, ask: Answer, fields: Sequence[NDArray[np.uint8]]) -> list[Found]:
    """The boxes of each field, see ``parity.Answer``."""
    from allcad_core.detection.plain import suppressed
    from allcad_core.detection.ultralytics import LEAST_SCORE, MOST_BOXES, SUPPRESS_IOU

    kept = [suppressed(ask(field)[0], LEAST_SCORE, SUPPRESS_IOU, MOST_BOXES) for field in fields]
    return [Found(boxes[:, :4], boxes[:, 4]) for boxes in kept]


def real_fields(data: Path, most: int) -> list[NDArray[np.uint8]]:
    """Fields of ALL-IDB1 as a detector sees them."""
    from allcad_core.datasets.allidb1 import fields
    from allcad_core.detection.plain import letterboxed
    from allcad_core.detection.ultralytics import STRIDE, target_size
    from allcad_core.ground import balance
    from allcad_core.segmentation.stain import scale_of

    records = fields(data)
    seen = []
    for record in records[:: max(1, len(records) // most)]:
        pixels = record.read().pixels
        size = target_size(pixels.shape[1], pixels.shape[0], scale_of(pixels)[1])
        seen.append(letterboxed(balance(pixels), *size, STRIDE))
    return seen


def chances(card: models.Card, logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Calibrated probabilities of a blast."""
    blast = card.classes.index("blast")
    return np.asarray(1 / (1 + np.exp(-(logits[:, blast] - logits[:, 1 - blast]) / card.temperature)), np.float64)


def main() -> None:
    """Print a line for each way of each network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", nargs="*", help="default: all that are compiled")
    parser.add_argument("--whole-numbers", action="store_true")
    parser.add_argument("--data", type=Path, help="folder of the data sets")
    parser.add_argument("--fields", type=int, default=23, help="fields of ALL-IDB1 that are looked at (default: 23)")
    parser.add_argument("--most", type=int, default=100, help="cells of ALL-IDB2 that are judged (default: 100)")
    arguments = parser.parse_args()
    print("network | by | ms of processor | largest difference of an answer | on ALL-IDB")
    for name in arguments.network or compiled.names():
        card = models.card(name)
        pictures = pictures_of(card)
        real = real_cells(card, arguments.data, arguments.most) if arguments.data and card.task == "cell" else None
        fields = real_fields(arguments.data, arguments.fields) if arguments.data and card.task == "detect" else None
        boxes: list[Found] = []
        expected: dict[str, NDArray[np.float32]] = {}
        with tempfile.TemporaryDirectory() as folder:
            for way, ask in answers(card, Path(folder), whole_numbers=arguments.whole_numbers):
                found = ask(pictures)
                apart = float(np.abs(found - expected.setdefault("same", found)).max())
                words = ""
                if real is not None:
                    logits = ask(real[0])
                    moved = np.abs(chances(card, logits) - chances(card, expected.setdefault("real", logits)))
                    right = float(((chances(card, logits) >= card.threshold) == real[1]).mean())
                    words = f"probability moved by {moved.max():.4f} at most, {moved.mean():.4f} on average; {right:.4f} right"
                if fields is not None:
                    now = moved_boxes(card, ask, fields)
                    boxes = boxes or now
                    pairs = [difference(one, other) for one, other in zip(now, boxes, strict=True)]
                    words = f"scores moved by {max(p[0] for p in pairs):.4f} at most, least overlap {min(p[1] for p in pairs):.4f}"
                took = spent(partial(ask, pictures))
                print(f"{name} | {way} | {took:.0f} | {apart:.2g} | {words}", flush=True)


if __name__ == "__main__":
    main()
