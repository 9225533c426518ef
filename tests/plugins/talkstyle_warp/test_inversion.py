from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812

from talkstyle_warp.inversion import invert

from .conftest import determinant


def nodes(height: int = 40, width: int = 50) -> torch.Tensor:
    ys, xs = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack([xs, ys])[None].float()


def bump(height: float) -> torch.Tensor:
    grid = nodes()
    away = ((grid - torch.tensor([25.0, 20.0]).view(1, 2, 1, 1)) ** 2).sum(1, keepdim=True)
    return height * torch.exp(-away / 60.0) * torch.tensor([1.0, -0.6]).view(1, 2, 1, 1)


def test_the_inverse_leads_back():
    field, grid = bump(4.0), nodes()
    place = invert(field, grid)
    scale = 2.0 / torch.tensor([49.0, 39.0]).view(1, 2, 1, 1)
    there = F.grid_sample(field, (place * scale - 1).permute(0, 2, 3, 1), align_corners=True, padding_mode="border")
    assert (place + there - grid).abs().max() < 1e-3


def test_no_field_leads_exactly_to_itself():
    grid = nodes()
    assert torch.equal(invert(torch.zeros(1, 2, 40, 50), grid), grid)


def test_a_field_that_folds_stays_finite_and_near():
    field, grid = bump(25.0), nodes()
    assert determinant(field).min() < 0
    place = invert(field, grid)
    assert torch.isfinite(place).all()
    assert (place - grid).abs().max() < 60


def test_the_determinant_is_that_of_the_map():
    grid = nodes()
    stretched = determinant(0.5 * grid * torch.tensor([1.0, 0.0]).view(1, 2, 1, 1))
    torch.testing.assert_close(stretched[0, 1:-1, 1:-1], torch.full((38, 48), 1.5))
