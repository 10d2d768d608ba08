"""How long a field takes through each segmentation method: ``python -m benchmarks.segmentation``."""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch

from allcad_core.segmentation import methods, segment
from allcad_core.synthesis import generate

SIZE = (2592, 1944)
"""A field of the larger camera of ALL-IDB1, width and height in px."""
WANTED_MS = {"paper": 60.0, "stain": 250.0}


def main() -> None:
    """Print the median of some runs of each method on a generated field, region extraction included."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="METHOD", help="methods (default: all)")
    parser.add_argument("--runs", type=int, default=7, metavar="N", help="runs of each (default: 7)")
    arguments = parser.parse_args()
    pixels = generate(7, SIZE).pixels
    print(f"{SIZE[0]} x {SIZE[1]} px, generated, {torch.get_num_threads()} thread(s) of torch")
    for name in arguments.names or methods():
        times, work = [], []
        for _ in range(arguments.runs + 1):
            start, spent = time.perf_counter(), time.process_time()
            found = segment(pixels, name, "cpu")
            times.append(1000 * (time.perf_counter() - start))
            work.append(1000 * (time.process_time() - spent))
        wanted = f", wanted {WANTED_MS[name]:.0f}" if name in WANTED_MS else ""
        print(
            f"{name}: median {np.median(times[1:]):.0f} ms, fastest {min(times[1:]):.0f} ms{wanted}; "
            f"{np.median(work[1:]):.0f} ms of processor; {len(found.regions)} regions"
        )


if __name__ == "__main__":
    main()
