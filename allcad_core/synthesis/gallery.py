"""The sample pictures that come with allcad: ``python -m allcad_core.synthesis.gallery`` makes them again."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allcad_core.errors import AllcadError
from allcad_core.synthesis.fields import generate
from allcad_core.synthesis.scene import STAINS, Scene
from allcad_core.synthesis.writing import counts, save_picture

FOLDER = Path(__file__).resolve().parents[2] / "samples"
MANIFEST = "manifest.json"
SIZE = (1280, 960)
QUALITY = 92


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture of the gallery: ``name`` in addresses and file names, words for a person, how it is made."""

    name: str
    title: str
    sentence: str
    seed: int
    scene: Scene


SAMPLES: tuple[Sample, ...] = (
    Sample(
        "blasts-and-healthy-cells",
        "Blasts among healthy cells",
        "Large blasts with fine chromatin beside a lymphocyte, a monocyte and neutrophils, well stained and in focus.",
        40,
        Scene(
            white_density=640,
            blast_fraction=0.6,
            clustering=0.3,
            red_coverage=0.44,
            pallor=0.3,
            smudge_density=60,
            platelet_density=1500,
            stain=STAINS["violet"],
            ground=(166.0, 166.0, 163.0),
            defocus=0.09,
        ),
    ),
    Sample(
        "healthy-smear",
        "A healthy smear",
        "Neutrophils, a lymphocyte, a monocyte and an eosinophil among red cells with pale centres.",
        11,
        Scene(
            white_density=300,
            blast_fraction=0.0,
            mix=(0.3, 0.45, 0.15, 0.1),
            red_coverage=0.5,
            pallor=0.5,
            overlap=0.35,
            platelet_density=3500,
            smudge_density=0,
            stain=STAINS["rose"],
            ground=(170.0, 165.0, 150.0),
        ),
    ),
    Sample(
        "many-blasts",
        "Many blasts, close together",
        "Clusters of touching blasts and some crushed cells: hard to count one by one.",
        7,
        Scene(
            magnification=8.0,
            white_density=1050,
            blast_fraction=0.9,
            clustering=0.65,
            red_coverage=0.38,
            pallor=0.12,
            red_shape=0.5,
            smudge_density=160,
            platelet_density=250,
            stain=STAINS["pale"],
            stain_strength=1.1,
            ground=(174.0, 170.0, 156.0),
        ),
    ),
    Sample(
        "few-cells",
        "A single blast",
        "One blast and a few healthy cells: too few to be sure of a share.",
        21,
        Scene(
            white_density=260,
            blast_fraction=0.25,
            red_coverage=0.36,
            pallor=0.2,
            overlap=0.25,
            smudge_density=0,
            stain=STAINS["grey"],
            ground=(168.0, 161.0, 156.0),
            platelet_density=500,
            scale_bar=True,
        ),
    ),
    Sample(
        "dark-and-deep",
        "Underexposed, strongly stained",
        "A dim photograph of a deeply stained smear with a strong fall-off of light towards the corners.",
        33,
        Scene(
            magnification=8.4,
            white_density=520,
            blast_fraction=0.5,
            red_coverage=0.52,
            pallor=0.55,
            overlap=0.5,
            stain=STAINS["deep"],
            ground=(128.0, 125.0, 112.0),
            vignetting=0.12,
            noise=2.6,
            platelet_density=3000,
        ),
    ),
    Sample(
        "out-of-focus",
        "Out of focus",
        "The same kind of smear with the focus missed by a turn of the fine drive: chromatin can no longer be judged.",
        40,
        Scene(
            white_density=560,
            blast_fraction=0.55,
            clustering=0.2,
            red_coverage=0.45,
            pallor=0.4,
            stain=STAINS["rose"],
            ground=(168.0, 164.0, 148.0),
            defocus=0.75,
            smudge_density=30,
        ),
    ),
)


def make(sample: Sample, folder: Path) -> dict[str, Any]:
    """Write one picture into ``folder``; returns its entry of the manifest, with the truth about it."""
    field = generate(sample.seed, SIZE, sample.scene)
    file = f"{sample.name}.jpg"
    save_picture(folder / file, field.pixels, QUALITY)
    return {
        "name": sample.name,
        "file": file,
        "title": sample.title,
        "sentence": sample.sentence,
        "synthetic": True,
        "seed": sample.seed,
        "width": SIZE[0],
        "height": SIZE[1],
        "counts": counts(field.cells),
        "cells": [{"kind": cell.kind, "label": cell.label, "box": list(cell.box)} for cell in field.cells],
        "scene": sample.scene.to_dict(),
    }


def make_all(folder: Path = FOLDER) -> list[Path]:
    """Write all samples and ``manifest.json`` into ``folder``; returns the pictures' paths."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = [make(sample, folder) for sample in SAMPLES]
    text = json.dumps({"schema_version": 1, "samples": entries}, indent=1)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return [folder / entry["file"] for entry in entries]


def main(argv: Sequence[str] | None = None) -> int:
    """Make the gallery again."""
    parser = argparse.ArgumentParser(prog="python -m allcad_core.synthesis.gallery", description=main.__doc__)
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder to write to (default: the app's samples)")
    arguments = parser.parse_args(argv)
    try:
        for path in make_all(arguments.out):
            sys.stdout.write(f"{path}\n")
    except (AllcadError, OSError) as error:
        sys.stderr.write(f"gallery: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
