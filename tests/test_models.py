"""Cards and weights: what is damaged, missing or foreign is refused in one sentence; storage keeps the numbers."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from allcad_core import models
from allcad_core.datasets.splits import PROTOCOLS
from allcad_core.errors import DeviceError, ModelError, UnknownNameError
from allcad_core.models import Card, Figure

ARGUMENTS = {"size": 8, "channels": [2, 3], "hidden": 4}
BUILDER = "allcad_core.classification.lightweight:build"


def network(seed: int = 0) -> torch.nn.Module:
    torch.manual_seed(seed)
    return models.build(BUILDER, ARGUMENTS)


@pytest.fixture
def card(tmp_path: Path) -> Card:
    """A folder with one small model, and its card."""
    digest = models.write_weights(network().state_dict(), tmp_path / "tiny.safetensors")
    entry = Card(
        name="tiny", title="Tiny", task="cell", file="tiny.safetensors", sha256=digest, storage="fp16", builder=BUILDER,
        arguments=ARGUMENTS, input={"size": 8, "context": 1.25}, classes=("healthy", "blast"), parameters=0,
        temperature=1.5, threshold=0.5, paper="", trained_on="", never_seen="", command="", licences="",
        figures=(Figure("AUROC", 0.9, 0.8, None, "field", "results/cell/field/tiny"),),
    )  # fmt: skip
    models.write_card(entry, tmp_path)
    return entry


@pytest.fixture
def rewrite(card: Card, tmp_path: Path) -> Callable[..., None]:
    """Write the card again with other values."""
    return lambda **changes: models.write_card(replace(card, **changes), tmp_path)


class TestCards:
    """The file of cards."""

    def test_a_card_comes_back_as_it_was_written(self, card: Card, tmp_path: Path) -> None:
        assert models.cards(tmp_path) == {"tiny": card}
        assert models.card("tiny", tmp_path) == card

    def test_writing_one_card_leaves_the_others(self, card: Card, tmp_path: Path) -> None:
        other = replace(card, name="other", title="Other", figures=())
        models.write_card(other, tmp_path)
        assert models.cards(tmp_path) == {"other": other, "tiny": card}
        assert [path.name for path in tmp_path.iterdir()].count("cards.json") == 1

    def test_an_unknown_name_lists_the_known_ones(self, card: Card, tmp_path: Path) -> None:
        with pytest.raises(UnknownNameError, match=r"no model called 'resnet'. Known: tiny\."):
            models.card("resnet", tmp_path)

    def test_missing_cards_are_told(self, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match=r"cards\.json is missing.*Restore it"):
            models.cards(tmp_path)

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"{",
            b"\xff\xfe\x00",
            b"[]",
            b"{}",
            b'{"models": []}',
            b'{"models": {"tiny": 3}}',
            b'{"models": {"tiny": {"title": "Tiny"}}}',
            b'{"models": {"tiny": {"classes": [], "surprise": 1}}}',
        ],
    )
    def test_damaged_cards_are_refused(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "cards.json").write_bytes(content)
        with pytest.raises(ModelError, match=r"cards\.json is damaged.*Restore it"):
            models.cards(tmp_path)

    def test_damaged_cards_are_not_written_over(self, card: Card, tmp_path: Path) -> None:
        (tmp_path / "cards.json").write_text("{")
        with pytest.raises(ModelError):
            models.write_card(card, tmp_path)
        assert (tmp_path / "cards.json").read_text() == "{"


class TestLoading:
    """From a card to a network."""

    def test_a_network_comes_checked_frozen_and_in_evaluation_mode(self, card: Card, tmp_path: Path) -> None:
        loaded = models.load("tiny", "cpu", tmp_path)
        assert not loaded.training
        assert not any(value.requires_grad for value in loaded.parameters())
        expected = network().eval()
        batch = torch.randn(2, 3, 8, 8)
        assert torch.allclose(loaded(batch), expected(batch), atol=1e-2)

    def test_the_same_object_is_given_to_all(self, card: Card, tmp_path: Path) -> None:
        assert models.load("tiny", "cpu", tmp_path) is models.load("tiny", torch.device("cpu"), tmp_path)

    def test_the_folder_is_looked_up_when_asked(
        self, card: Card, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(models, "WEIGHTS", tmp_path)
        assert list(models.cards()) == ["tiny"]
        assert models.load("tiny", "cpu") is models.load("tiny", "cpu", tmp_path)

    def test_an_unknown_device_is_refused(self, card: Card, tmp_path: Path) -> None:
        with pytest.raises(DeviceError):
            models.load("tiny", "abacus", tmp_path)

    def test_a_missing_file_is_named(self, card: Card, tmp_path: Path) -> None:
        (tmp_path / card.file).unlink()
        with pytest.raises(ModelError, match=r"tiny\.safetensors cannot be read. Restore it"):
            models.load("tiny", "cpu", tmp_path)

    @pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data[:-1] + b"!", lambda _: b""])
    def test_a_damaged_file_is_refused_by_its_digest(
        self, card: Card, tmp_path: Path, damage: Callable[[bytes], bytes]
    ) -> None:
        path = tmp_path / card.file
        path.write_bytes(damage(path.read_bytes()))
        with pytest.raises(ModelError, match=r"tiny\.safetensors is not the file that its card names.*SHA-256"):
            models.load("tiny", "cpu", tmp_path)

    @pytest.mark.parametrize("content", [b"", b"no weights at all", pickle.dumps({"a": 1}), b"\xff" * 64])
    def test_what_is_no_safetensors_file_is_refused(
        self, card: Card, tmp_path: Path, rewrite: Callable[..., None], content: bytes
    ) -> None:
        (tmp_path / card.file).write_bytes(content)
        rewrite(sha256=hashlib.sha256(content).hexdigest())
        with pytest.raises(ModelError, match=r"tiny\.safetensors is no safetensors file"):
            models.load("tiny", "cpu", tmp_path)

    def test_weights_of_another_network_are_refused(
        self, card: Card, tmp_path: Path, rewrite: Callable[..., None]
    ) -> None:
        rewrite(arguments={**ARGUMENTS, "hidden": 5})
        with pytest.raises(ModelError, match=r"tiny\.safetensors does not fit the network of 'tiny'"):
            models.load("tiny", "cpu", tmp_path)

    def test_a_scale_that_does_not_fit_its_weight_is_refused(
        self, card: Card, tmp_path: Path, rewrite: Callable[..., None]
    ) -> None:
        content = save({"0.weight": torch.zeros(2, 3, dtype=torch.int8), "0.weight::scale": torch.ones(5)})
        (tmp_path / card.file).write_bytes(content)
        rewrite(sha256=hashlib.sha256(content).hexdigest())
        with pytest.raises(ModelError, match="no safetensors file"):
            models.load("tiny", "cpu", tmp_path)

    @pytest.mark.parametrize("builder", ["os:getcwd", "torch.hub:load", "allcad_core_evil:build", "allcad_core", ""])
    def test_builders_from_elsewhere_are_refused(
        self, tmp_path: Path, rewrite: Callable[..., None], builder: str
    ) -> None:
        rewrite(builder=builder)
        with pytest.raises(ModelError, match="is not a builder of allcad"):
            models.load("tiny", "cpu", tmp_path)

    @pytest.mark.parametrize(
        ("builder", "arguments"),
        [
            ("allcad_core.nowhere:build", {}),
            ("allcad_core.classification.lightweight:nothing", {}),
            (BUILDER, {"colour": "mauve"}),
            (BUILDER, {"channels": [1]}),
            (BUILDER, {"channels": [-1, 2]}),
        ],
    )
    def test_what_builds_no_network_is_told(self, builder: str, arguments: dict[str, object]) -> None:
        with pytest.raises(ModelError, match="does not build a network"):
            models.build(builder, arguments)


class TestStorage:
    """Weights on disc against weights in memory."""

    def test_half_floats_keep_eleven_bits(self, tmp_path: Path) -> None:
        state = {"a": torch.randn(40, 30), "b": torch.randn(7), "steps": torch.tensor(12345)}
        digest = models.write_weights(state, tmp_path / "w.safetensors", "fp16")
        back = models.read_weights(tmp_path / "w.safetensors", digest)
        assert back["steps"].dtype == torch.int64
        assert back["steps"] == 12345
        for key in "ab":
            assert back[key].dtype == torch.float32
            assert torch.all((back[key] - state[key]).abs() <= state[key].abs() * 2**-11 + 1e-7)

    @pytest.mark.parametrize("shape", [(6, 20), (4, 3, 3, 3)])
    def test_eight_bits_lie_within_half_a_step_of_their_channel(self, tmp_path: Path, shape: tuple[int, ...]) -> None:
        weight = torch.randn(shape) * torch.logspace(-3, 2, shape[0]).view(-1, *[1] * (len(shape) - 1))
        digest = models.write_weights({"w": weight, "bias": torch.randn(4)}, tmp_path / "w.safetensors", "int8")
        back = models.read_weights(tmp_path / "w.safetensors", digest)
        assert set(back) == {"w", "bias"}
        step = weight.flatten(1).abs().amax(1) / 127
        error = (back["w"] - weight).flatten(1).abs().amax(1)
        assert torch.all(error <= step / 2 * (1 + 1e-4))

    def test_a_channel_of_zeros_stays_zero(self, tmp_path: Path) -> None:
        digest = models.write_weights({"w": torch.zeros(2, 5)}, tmp_path / "w.safetensors", "int8")
        assert torch.all(models.read_weights(tmp_path / "w.safetensors", digest)["w"] == 0)

    def test_weights_may_lie_channels_last(self, tmp_path: Path) -> None:
        state = network().state_dict()
        for storage in ("fp16", "int8"):
            digest = models.write_weights(state, tmp_path / f"{storage}.safetensors", storage)
            back = models.read_weights(tmp_path / f"{storage}.safetensors", digest)
            assert {key: value.shape for key, value in back.items()} == {k: v.shape for k, v in state.items()}
            assert all(torch.allclose(back[key], state[key], atol=0.01) for key in state)

    def test_eight_bits_take_about_half_the_room(self, tmp_path: Path) -> None:
        state = {"w": torch.randn(300, 400)}
        for storage in ("fp16", "int8"):
            models.write_weights(state, tmp_path / storage, storage)
        half, eighth = ((tmp_path / storage).stat().st_size for storage in ("fp16", "int8"))
        assert eighth < 0.52 * half


SHIPPED = sorted(models.cards()) if (models.WEIGHTS / models.CARDS).exists() else []


@pytest.mark.parametrize("name", SHIPPED)
class TestShipped:
    """Every card in the repository."""

    def test_its_file_is_the_one_that_was_trained_and_holds_its_network(self, name: str) -> None:
        card = models.card(name)
        state = models.read_weights(models.WEIGHTS / card.file, card.sha256)
        built = models.build(card.builder, card.arguments)
        assert set(state) == set(built.state_dict())
        assert sum(value.numel() for value in built.parameters()) == card.parameters
        assert all(torch.isfinite(value).all() for value in state.values())

    def test_its_network_answers(self, name: str) -> None:
        card = models.card(name)
        wanted = card.input
        shapes = {"cell": ("size", "size"), "field": ("height", "width")}
        shape = [int(wanted.get(side, 0)) for side in shapes[card.task]] if card.task in shapes else [128, 128]
        by_cells = "cells" in wanted  # an aggregate is given two numbers a field
        seen = torch.zeros(2, 2) if by_cells else torch.zeros(2, 3, *shape)
        loaded = models.load(name, "cpu")
        with torch.inference_mode():
            answer = loaded(seen)
        answer = answer[0] if isinstance(answer, tuple) else answer
        assert torch.isfinite(answer).all()
        if card.task in shapes:
            assert answer.shape == (2, len(card.classes))
        elif card.task == "segment":
            assert answer.shape == (2, len(card.classes), *shape)
        else:
            assert answer.shape[:2] == (2, 4 + len(card.classes))

    def test_its_card_says_what_people_need(self, name: str) -> None:
        card = models.card(name)
        for text in (card.title, card.paper, card.trained_on, card.never_seen, card.command, card.licences):
            assert text.strip()
        named = {"field": {"ALL", "normal"}, "segment": {"ground", "nucleus", "cytoplasm"}}
        assert set(card.classes) == named.get(card.task, {"blast", "healthy"})
        assert card.temperature > 0
        assert 0 < card.threshold < 1
        assert card.storage in {"fp16", "int8"}

    def test_its_figures_are_out_of_fold_with_intervals_and_a_source(self, name: str) -> None:
        card = models.card(name)
        assert card.figures
        for figure in card.figures:
            assert figure.protocol in PROTOCOLS
            assert (models.WEIGHTS.parent / figure.source.partition(",")[0]).is_dir()
            assert figure.low is not None
            assert figure.high is not None
            assert figure.low <= figure.value <= figure.high


def test_the_weights_folder_holds_what_the_cards_name_and_stays_small() -> None:
    files = {path.name for path in models.WEIGHTS.glob("*.safetensors")}
    assert files == {models.card(name).file for name in SHIPPED}
    assert sum(path.stat().st_size for path in models.WEIGHTS.rglob("*")) < 160e6
