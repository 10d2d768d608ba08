"""YOLOv7 (Wang, Bochkovskiy & Liao 2023): backbone and neck as published, under the anchor-free head of Ultralytics.

The published networks are drawn from four blocks: ELAN aggregation, its wider form in the neck, a pooling pyramid and two
ways to halve the picture. Layer by layer the convolutions are those of the authors' files; RepConv stands in its deployed
form, a plain convolution. What differs is the head: theirs has anchors, Ultralytics' (``Detect``) has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Row = list[Any]
LAST = -1


class Rows:
    """Layers in the order of the list that Ultralytics parses; every method adds some and gives the number of the last."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def add(self, source: int | list[int], module: str, arguments: Sequence[Any]) -> int:
        """One layer."""
        self.rows.append([source, 1, module, list(arguments)])
        return len(self.rows) - 1

    def conv(self, source: int, channels: int, kernel: int = 1, stride: int = 1) -> int:
        """Convolution, batch norm, activation."""
        return self.add(source, "Conv", [channels, kernel, stride])

    def join(self, sources: list[int]) -> int:
        """Concatenation of channels."""
        return self.add(sources, "Concat", [1])

    def pool(self, source: int, size: int, stride: int) -> int:
        """Max pooling; with a stride of 1 the size stays."""
        return self.add(source, "nn.MaxPool2d", [size, stride, size // 2 if stride == 1 else 0])

    def double(self, source: int) -> int:
        """Twice the size, nearest neighbour."""
        return self.add(source, "nn.Upsample", [None, 2, "nearest"])

    def elan(self, source: int, side: int, channels: int, out: int, depth: int, every: int) -> int:
        """Two side branches and a chain of 3x3 convolutions, of which every so-manyth joins in the end (figure 2 of the paper).

        Args:
            source: layer before.
            side: channels of both branches.
            channels: of the chain.
            out: channels after joining.
            depth: convolutions in the chain.
            every: the chain's outputs that are joined: each (1) or every second (2), counted from its end.
        """
        first = self.conv(source, side)
        chain = [self.conv(source, side)]
        for _ in range(depth):
            chain.append(self.conv(chain[-1], channels, 3))
        return self.conv(self.join([*chain[::-1][::every], first]), out)

    def pyramid(self, source: int, channels: int, *, small: bool) -> int:
        """Spatial pyramid pooling across stages, with fewer convolutions in the tiny network."""
        aside = self.conv(source, channels)
        inner = self.conv(source, channels)
        if not small:
            inner = self.conv(self.conv(inner, channels, 3), channels)
        pooled = [self.pool(inner, size, 1) for size in (5, 9, 13)]
        joined = self.conv(self.join([*pooled[::-1], inner]), channels)
        if not small:
            joined = self.conv(joined, channels, 3)
        return self.conv(self.join([joined, aside]), channels)

    def halve(self, source: int, channels: int) -> list[int]:
        """Half the size by pooling beside a strided convolution, so many channels each; the two are to be joined."""
        pooled = self.conv(self.pool(source, 2, 2), channels)
        return [self.conv(self.conv(source, channels), channels, 3, 2), pooled]

    def halve_wide(self, source: int, inside: int, channels: int) -> int:
        """The same in the large networks: the strided branch keeps its channels before it halves."""
        strided = self.conv(self.conv(source, inside), channels // 2, 3, 2)
        return self.join([strided, self.conv(self.pool(source, 2, 2), channels // 2)])

    def configuration(self, classes: int, outputs: list[int], activation: str | None = None) -> dict[str, Any]:
        """What Ultralytics builds a network from."""
        self.add(outputs, "Detect", [classes])
        found: dict[str, Any] = {"nc": classes, "backbone": self.rows, "head": []}
        return found if activation is None else {**found, "activation": activation}


def tiny(classes: int) -> dict[str, Any]:
    """YOLOv7-tiny: 6.2 million parameters with the authors' head and 80 classes."""
    net = Rows()
    place = net.conv(net.conv(LAST, 32, 3, 2), 64, 3, 2)
    place = net.elan(place, 32, 32, 64, 2, 1)
    levels = []
    for width in (64, 128, 256):
        place = net.elan(net.pool(place, 2, 2), width, width, 2 * width, 2, 1)
        levels.append(place)
    place = net.pyramid(place, 256, small=True)
    tops = [place]
    for level, width in ((levels[1], 128), (levels[0], 64)):
        up = net.double(net.conv(place, width))
        place = net.elan(net.join([net.conv(level, width), up]), width // 2, width // 2, width, 2, 1)
        tops.append(place)
    outputs = [place]
    for beside, width in ((tops[1], 128), (tops[0], 256)):
        place = net.elan(net.join([net.conv(place, width, 3, 2), beside]), width // 2, width // 2, width, 2, 1)
        outputs.append(place)
    heads = [net.conv(output, width, 3) for output, width in zip(outputs, (128, 256, 512), strict=True)]
    return net.configuration(classes, heads, "torch.nn.LeakyReLU(0.1)")


def full(classes: int) -> dict[str, Any]:
    """YOLOv7: 36.9 million parameters with the authors' head and 80 classes."""
    net = Rows()
    place = net.conv(net.conv(net.conv(LAST, 32, 3), 64, 3, 2), 64, 3)
    place = net.elan(net.conv(place, 128, 3, 2), 64, 64, 256, 4, 2)
    levels = []
    for half, width, out in ((128, 128, 512), (256, 256, 1024), (512, 256, 1024)):
        place = net.elan(net.join(net.halve(place, half)), width, width, out, 4, 2)
        levels.append(place)
    place = net.pyramid(place, 512, small=False)
    tops = [place]
    for level, width in ((levels[1], 256), (levels[0], 128)):
        up = net.double(net.conv(place, width))
        place = net.elan(net.join([net.conv(level, width), up]), width, width // 2, width, 4, 1)
        tops.append(place)
    outputs = [place]
    for beside, half in ((tops[1], 128), (tops[0], 256)):
        joined = net.join([*net.halve(place, half), beside])
        place = net.elan(joined, 2 * half, half, 2 * half, 4, 1)
        outputs.append(place)
    heads = [net.conv(output, width, 3) for output, width in zip(outputs, (256, 512, 1024), strict=True)]
    return net.configuration(classes, heads)


def e6(classes: int) -> dict[str, Any]:
    """YOLOv7-E6, the network of Chen et al.: 97.2 million parameters with the authors' head and 80 classes; four levels."""
    net = Rows()
    place = net.add(LAST, "Focus", [80, 3, 1])
    inside, levels = 80, []
    for width, out in ((64, 160), (128, 320), (256, 640), (384, 960), (512, 1280)):
        place = net.elan(net.halve_wide(place, inside, out), width, width, out, 6, 2)
        inside = out
        levels.append(place)
    place = net.pyramid(place, 640, small=False)
    tops = [place]
    for level, width, side in ((levels[3], 480, 384), (levels[2], 320, 256), (levels[1], 160, 128)):
        up = net.double(net.conv(place, width))
        place = net.elan(net.join([net.conv(level, width), up]), side, side // 2, width, 6, 1)
        tops.append(place)
    outputs, inside = [place], 160
    for beside, width, side in ((tops[2], 320, 256), (tops[1], 480, 384), (tops[0], 640, 512)):
        joined = net.join([net.halve_wide(place, inside, width), beside])
        place = net.elan(joined, side, side // 2, width, 6, 1)
        outputs.append(place)
        inside = width
    heads = [net.conv(output, width, 3) for output, width in zip(outputs, (320, 640, 960, 1280), strict=True)]
    return net.configuration(classes, heads)
