"""The manifold projection: each feature is rebuilt from the nearest of those known from training."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

__all__ = ["NEIGHBOURS", "Manifold"]

NEIGHBOURS: Final = 10
"""The paper's k."""


class Manifold:
    """Draws features towards those of the training corpus, after Lu et al., "Live Speech Portraits" (2021).

    A feature becomes the weighted sum of its k nearest in a database, the weights being those that rebuild it best
    among all that sum to 1 (locally linear embedding: Roweis and Saul, 2000). Weights are regularised, and the more so
    the farther a neighbour is: where the last one is no nearer than the first that is left out its weight is nothing,
    so that the result is continuous, and rounding, or a slow change of the sound, gives no jump.

    Args:
        database: float32 ``[N, D]``, N above ``NEIGHBOURS``.
    """

    _REGULAR: Final = 1e-2  # of the neighbours' mean squared distance
    _ROWS: Final = 512  # bounds the memory: 512 rows have 17 MB of neighbours
    _SPARE: Final = 5

    def __init__(self, database: Tensor) -> None:
        self._database = database
        self._squares = database.square().sum(dim=1)

    def __call__(self, features: Tensor) -> Tensor:
        """Project features ``[T, D]``; the same shape."""
        starts = range(0, len(features), self._ROWS)
        return torch.cat([features[:0], *(self._project(features[at : at + self._ROWS]) for at in starts)])

    def _project(self, rows: Tensor) -> Tensor:
        # The rows' own squares change no order among neighbours. The search rounds, differently for a stream and a
        # whole: so some more are looked at, and the nearest k and one of them chosen by their true distances.
        scores = self._squares - 2 * rows @ self._database.T
        near = scores.topk(NEIGHBOURS + 1 + self._SPARE, dim=1, largest=False).indices
        distances = (self._database[near] - rows[:, None]).square().sum(dim=2)
        near = near.gather(1, distances.topk(NEIGHBOURS + 1, dim=1, largest=False).indices)
        known = self._database[near]
        apart = known - rows[:, None]
        weights = self._weights((apart @ apart.transpose(1, 2)).double())
        return (weights[:, None].float() @ known)[:, 0]

    def _weights(self, gram: Tensor) -> Tensor:
        """The weights ``[T, k + 1]`` that minimise ``w G w + sum r_i w_i^2`` with ``sum w_i = 1``.

        ``r`` grows from nothing at distance 0 without bound to the last, which is left out.
        """
        distances = gram.diagonal(dim1=1, dim2=2)
        beyond = distances.amax(dim=1, keepdim=True).clamp(min=1e-12)
        regular = self._REGULAR * distances.mean(dim=1, keepdim=True)
        penalty = 1e-12 + regular * distances / (beyond - distances).clamp(min=1e-15)
        solved: Tensor = torch.linalg.solve(gram + torch.diag_embed(penalty), torch.ones_like(distances))
        return solved / solved.sum(dim=1, keepdim=True)
