"""Augmented crops: the same cell in another light and turn, and ground that stays ground."""

from __future__ import annotations

import pytest
import torch

from allcad_core.training.augment import augment


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def crops() -> torch.Tensor:
    """Thirty-two dark discs off the middle, network input."""
    y, x = torch.meshgrid(torch.arange(48.0), torch.arange(48.0), indexing="ij")
    disc = (x - 28) ** 2 + (y - 24) ** 2 < 12**2
    return (disc * -0.7).expand(32, 3, 48, 48).clone()


def test_the_seed_decides(crops: torch.Tensor) -> None:
    assert torch.equal(augment(crops, chance(1)), augment(crops, chance(1)))
    assert not torch.equal(augment(crops, chance(1)), augment(crops, chance(2)))


def test_every_crop_is_changed_in_its_own_way_and_the_given_ones_stay(crops: torch.Tensor) -> None:
    before = crops.clone()
    after = augment(crops, chance())
    assert after.shape == crops.shape
    assert torch.equal(crops, before)
    assert len({tuple(crop.flatten()[:2000:100].tolist()) for crop in after}) == len(crops)


def test_the_cell_keeps_its_size_within_the_jitter(crops: torch.Tensor) -> None:
    area = (augment(crops, chance())[:, 0] < -0.25).sum(dim=(1, 2)) / (crops[:, 0] < -0.25).sum(dim=(1, 2))
    assert area.min() > 0.6
    assert area.max() < 1.6
    assert area.mean() == pytest.approx(1, abs=0.12)


def test_the_cell_turns_around_the_middle(crops: torch.Tensor) -> None:
    dark = (augment(crops, chance())[:, 0] < -0.25).float()
    columns = (dark.sum(dim=1) * torch.arange(48.0)).sum(dim=1) / dark.sum(dim=(1, 2))
    assert columns.min() < 22  # it lay at 28
    assert columns.max() > 26


def test_ground_stays_near_ground_and_ink_within_range(crops: torch.Tensor) -> None:
    after = augment(crops, chance())
    corner = after[:, :, :3, :3]
    assert corner.abs().max() < 0.2
    assert torch.isfinite(after).all()
    assert after.min() >= -1.2


def test_a_black_crop_gives_finite_numbers() -> None:
    assert torch.isfinite(augment(torch.full((4, 3, 16, 16), -1.0), chance())).all()


def test_the_stain_varies_more_than_the_lamp(crops: torch.Tensor) -> None:
    after = augment(crops, chance())
    cell, ground = after[:, :, 23:26, 26:29].mean(dim=(2, 3)), after[:, :, :2, :2].mean(dim=(2, 3))
    assert cell.std() > 2 * ground.std() > 0
