"""Manifold projection: rebuilds each feature from the nearest ones of the training corpus."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

NEIGHBOURS: Final = 10
"""The paper's k."""


class Manifold:
    """Draws features towards those of the training corpus, after Lu et al., "Live Speech Portraits" (2021).

    A feature becomes the weighted sum of its k nearest in a database, with the weights that rebuild it best among all
    that sum to 1 (locally linear embedding: Roweis and Saul, 2000). The regularisation of a weight grows with its
    neighbour's distance, without bound up to that of the first neighbour left out. So the result is continuous, and
    neither rounding nor a slow change of the sound makes it jump. The database is float32 ``[N, D]``.
    """

    _REGULARISATION: Final = 1e-2  # of the neighbours' mean squared distance
    _BLOCK_ROWS: Final = 512  # bounds the memory: 512 rows have 17 MB of neighbours
    _SPARE_NEIGHBOURS: Final = 5

    def __init__(self, database: Tensor) -> None:
        self._database = database
        self._squares = database.square().sum(dim=1)

    def __call__(self, features: Tensor) -> Tensor:
        """Project features ``[T, D]``; the same shape."""
        starts = range(0, len(features), self._BLOCK_ROWS)
        return torch.cat([features[:0], *(self._project(features[at : at + self._BLOCK_ROWS]) for at in starts)])

    def _project(self, rows: Tensor) -> Tensor:
        # The rows' own squares do not change the order of neighbours. The search rounds differently for a stream and a
        # whole sound, so it finds a few more, and the nearest k + 1 are chosen by their exact distances.
        scores = self._squares - 2 * rows @ self._database.T
        near = scores.topk(NEIGHBOURS + 1 + self._SPARE_NEIGHBOURS, dim=1, largest=False).indices
        distances = (self._database[near] - rows[:, None]).square().sum(dim=2)
        near = near.gather(1, distances.topk(NEIGHBOURS + 1, dim=1, largest=False).indices)
        known = self._database[near]
        apart = known - rows[:, None]
        weights = self._weights((apart @ apart.transpose(1, 2)).double())
        return (weights[:, None].float() @ known)[:, 0]

    def _weights(self, gram: Tensor) -> Tensor:
        """The weights ``[T, k + 1]`` that minimise ``w G w + sum r_i w_i^2`` with ``sum w_i = 1``.

        ``r`` grows from 0 at distance 0 without bound at that of the last neighbour, which is thereby left out.
        """
        distances = gram.diagonal(dim1=1, dim2=2)
        beyond = distances.amax(dim=1, keepdim=True).clamp(min=1e-12)
        regular = self._REGULARISATION * distances.mean(dim=1, keepdim=True)
        penalty = 1e-12 + regular * distances / (beyond - distances).clamp(min=1e-15)
        solved: Tensor = torch.linalg.solve(gram + torch.diag_embed(penalty), torch.ones_like(distances))
        return solved / solved.sum(dim=1, keepdim=True)
