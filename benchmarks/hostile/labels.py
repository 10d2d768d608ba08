"""Hostile labels that are no JSON: YOLO, VOC and tables of corrections."""

from __future__ import annotations

from numpy.random import Generator

from benchmarks.hostile.cases import SCRIPT
from benchmarks.hostile.documents import FIELD
from benchmarks.hostile.good import cell_picture, saved
from benchmarks.hostile.mutations import mutated

YOLO = b"0 0.5 0.5 0.4 0.4\n1 0.25 0.3 0.2 0.2\n"
YOLO_ATTACKS: tuple[tuple[str, dict[str, bytes]], ...] = (
    ("no boxes", {f"{FIELD}.txt": b""}),
    ("numbers that are none", {f"{FIELD}.txt": b"0 nan inf -inf 1e999\n"}),
    ("a class without end", {f"{FIELD}.txt": b"9" * 5000 + b" 0.5 0.5 0.1 0.1\n"}),
    ("a negative class", {f"{FIELD}.txt": b"-1 0.5 0.5 0.1 0.1\n"}),
    ("a polygon of 100000 corners", {f"{FIELD}.txt": b"0" + b" 0.5 0.25" * 100_000}),
    ("two hundred thousand boxes", {f"{FIELD}.txt": b"0 0.5 0.5 0.1\n" * 200_000}),
    ("not UTF-8", {f"{FIELD}.txt": b"0 0.5 \xff\xfe 0.5"}),
    ("classes with a script", {"classes.txt": f"{SCRIPT}\nhealthy\n".encode()}),
    ("no classes", {"classes.txt": b""}),
    ("YAML that swells", {"classes.txt": None, "data.yaml": b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(  # type: ignore[dict-item]
        f"{b}: &{b} [*{a},*{a},*{a},*{a},*{a},*{a},*{a},*{a},*{a}]\n".encode() for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ) + b"names: *i\n"}),
    ("YAML with an object", {"classes.txt": None, "data.yaml": b"names: !!python/object/apply:os.system [echo]\n"}),  # type: ignore[dict-item]
    ("YAML with mixed names", {"classes.txt": None, "data.yaml": b"names: {0: blast, x: healthy}\n"}),  # type: ignore[dict-item]
    ("YAML with a list as a key", {"classes.txt": None, "data.yaml": b"? [a]\n: b\nnames: {? [1] : c}\n"}),  # type: ignore[dict-item]
    ("YAML nested without end", {"classes.txt": None, "data.yaml": b"names: " + b"[" * 20_000}),  # type: ignore[dict-item]
    ("YAML with control letters", {"classes.txt": None, "data.yaml": b"names: [a\x00b\x07]\n"}),  # type: ignore[dict-item]
    ("YAML with a date that is none", {"classes.txt": None, "data.yaml": b"names: [2020-99-99]\n"}),  # type: ignore[dict-item]
    ("YAML that names itself", {"classes.txt": None, "data.yaml": b"names: &a [*a]\n"}),  # type: ignore[dict-item]
)  # fmt: skip
"""Files that take the place of the good ones; ``None`` takes one away."""


def yolo(generator: Generator, turn: int) -> tuple[str, str, dict[str, bytes]]:
    """Boxes in YOLO's form: how they were made, their name and their files."""
    files: dict[str, bytes] = {f"{FIELD}.png": saved(cell_picture(generator), "PNG"), f"{FIELD}.txt": YOLO,
                               "classes.txt": b"blast\nhealthy\nignore\n"}  # fmt: skip
    if turn < len(YOLO_ATTACKS):
        how, changed = YOLO_ATTACKS[turn]
        files = {name: data for name, data in (files | changed).items() if data is not None}
    else:
        name = (f"{FIELD}.txt", f"{FIELD}.txt", "classes.txt")[turn % 3]
        how, files[name] = mutated(files[name], generator)
    return how, "labels", files


VOC = b"""<annotation><filename>Im001_1.png</filename><size><width>96</width><height>96</height></size><object><name>blast</name>
<bndbox><xmin>5</xmin><ymin>6</ymin><xmax>45</xmax><ymax>50</ymax></bndbox></object></annotation>"""
VOC_ATTACKS = (
    ("entities that swell", b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>' + VOC.replace(b"blast", b"&b;")),
    ("an entity of the machine", b'<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + VOC.replace(b"blast", b"&a;")),
    ("nested without end", b"<annotation>" * 100_000),
    ("a path that climbs", VOC.replace(b"Im001_1.png", b"../../../../etc/passwd")),
    ("a script for a class", VOC.replace(b"blast", b"&lt;script&gt;alert(1)&lt;/script&gt;")),
    ("numbers that are none", VOC.replace(b"<xmin>5<", b"<xmin>nan<").replace(b"<ymin>6<", b"<ymin>-inf<")),
    ("numbers without end", VOC.replace(b"<xmax>45<", b"<xmax>1e308<")),
    ("empty", b""),
)  # fmt: skip


def voc(generator: Generator, turn: int) -> tuple[str, str, dict[str, bytes]]:
    """Boxes in VOC's form: how they were made, their name and their files."""
    how, data = VOC_ATTACKS[turn] if turn < len(VOC_ATTACKS) else mutated(VOC, generator)
    return how, "boxes", {f"{FIELD}.xml": data, f"{FIELD}.png": saved(cell_picture(generator), "PNG")}


CORRECTIONS = (
    b"image,action,id,class,x0,y0,x1,y1,note\n"
    b"Im001_1,ok,,,,,,,\nIm001_1,delete,2,,,,,,dirt\nIm001_1,add,,blast,1,2,40,50,\n"
)
CORRECTION_ATTACKS = (
    ("empty", b""), ("zeros", bytes(5000)), ("not UTF-8", b"image,action\n\xff\xfe,\x00"), ("one line without end", b"," * 300_000),
    ("a quote that never ends", CORRECTIONS.replace(b"dirt", b'"' + b"x" * 200_000)),
    ("numbers that are none", CORRECTIONS.replace(b"1,2,40,50", b"nan,inf,1e400,-inf")),
    ("numbers without end", CORRECTIONS.replace(b"delete,2,", b"delete," + b"9" * 5000 + b",")),
    ("a script", CORRECTIONS.replace(b"dirt", SCRIPT.encode())),
)  # fmt: skip


def table(generator: Generator, turn: int) -> tuple[str, str, dict[str, bytes]]:
    """A table of corrections: how it was made, its name and its files."""
    known = turn < len(CORRECTION_ATTACKS)
    how, data = CORRECTION_ATTACKS[turn] if known else mutated(CORRECTIONS, generator)
    return how, "corrections.csv", {"corrections.csv": data}
