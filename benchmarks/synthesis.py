"""How fast smears are generated and how much memory a slide takes: ``python -m benchmarks.synthesis [--slide SIDE]``."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2

from allcad_core.synthesis import Scene, generate, write_slide

SIZE = (1280, 960)
WANTED = 2.0
"""Fields a second and core that the generator must reach."""


def fields_per_second(count: int) -> float:
    """Fields of ``SIZE`` a second of one core's time, masks and boxes included, after a first one to fill caches."""
    generate(0, SIZE)
    start = time.process_time()
    for seed in range(1, count + 1):
        generate(seed, SIZE)
    return count / (time.process_time() - start)


def peak_mib() -> float:
    """Most memory that this process has held so far, MiB; not a number where the system cannot say."""
    try:
        import resource
    except ImportError:
        return float("nan")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fields", type=int, default=20, help="fields to time")
    parser.add_argument("--slide", type=int, default=0, metavar="SIDE", help="also write a slide of SIDE x SIDE pixels")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    speed = fields_per_second(arguments.fields)
    print(
        f"fields of {SIZE[0]}x{SIZE[1]}: {speed:.1f} a second and core (wanted: {WANTED:.0f}); peak {peak_mib():.0f} MiB"
    )
    if arguments.slide:
        with tempfile.TemporaryDirectory() as folder:
            start = time.process_time()
            path = write_slide(Path(folder), 1, (arguments.slide, arguments.slide), Scene())
            seconds = time.process_time() - start
            written = path.stat().st_size / 2**20
        print(
            f"slide of {arguments.slide}x{arguments.slide}: {seconds:.0f} s, {written:.0f} MiB; peak {peak_mib():.0f} MiB"
        )


if __name__ == "__main__":
    main()
