"""Following people through a clip: which face in one frame is the same as in the frame before."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sdk.data import Box
from sdk.tracking.faces import FaceSelector, Sighting, choose

NEAR = 0.75
"""How far a face may go from one sighting to the next, in widths."""
ALIKE = 0.5
"""How much smaller of two widths may still be the same face."""
OFTEN = 0.2
"""The share of a clip's frames from which a face counts."""


class Person:
    """One face over a clip: ``sightings`` by frame."""

    def __init__(self) -> None:
        self.sightings: dict[int, Sighting] = {}
        self.last: Sighting | None = None

    def add(self, frame: int, sighting: Sighting) -> None:
        """Record where the face is in a frame after all the others."""
        self.sightings[frame] = self.last = sighting

    @property
    def width(self) -> float:
        """The median width in pixels."""
        return float(np.median([sighting.width for sighting in self.sightings.values()]))

    @property
    def box(self) -> Box:
        """The median box in pixels."""
        left, top, right, bottom = np.median([sighting.box for sighting in self.sightings.values()], axis=0)
        return float(left), float(top), float(right), float(bottom)

    def join(self, other: Person) -> None:
        """Take over the sightings of the same face at other times."""
        self.sightings = dict(sorted((self.sightings | other.sightings).items()))


class People:
    """The people of a clip, fed frame by frame."""

    def __init__(self) -> None:
        self.frames = 0
        self._trails: list[Person] = []

    def add(self, faces: Iterable[Sighting]) -> None:
        """Take the faces of the next frame: nearest pairs first, each person at most once."""
        rest = list(faces)
        pairs = sorted(
            (
                (_distance(trail.last, face), t, f)
                for t, trail in enumerate(self._trails)
                for f, face in enumerate(rest)
            ),
        )
        taken: set[int] = set()
        known: set[int] = set()
        for distance, t, f in pairs:
            if distance < NEAR and t not in known and f not in taken:
                known.add(t)
                taken.add(f)
                self._trails[t].add(self.frames, rest[f])
        for f, face in enumerate(rest):
            if f not in taken:
                person = Person()
                person.add(self.frames, face)
                self._trails.append(person)
        self.frames += 1

    def choose(self, face: FaceSelector, *, where: str) -> Person | None:
        """Choose the one meant; None where nobody was seen. Raises what ``sdk.tracking.faces.choose`` raises."""
        people = self._joined()
        if not people:
            return None
        often = OFTEN * self.frames
        ranked = sorted(people, key=lambda one: (len(one.sightings) < often, -one.width))
        return choose(
            ranked,
            face,
            where=where,
            box=lambda one: one.box,
            width=lambda one: one.width,
            counts=lambda one: len(one.sightings) >= often,
        )

    def _joined(self) -> list[Person]:
        """Join trails that are never seen together: somebody who left and came back, or a cut."""
        people: list[Person] = []
        for trail in sorted(self._trails, key=lambda one: -one.width * len(one.sightings)):
            for person in people:
                apart = person.sightings.keys().isdisjoint(trail.sightings)
                if apart and ALIKE <= trail.width / person.width <= 1 / ALIKE:
                    person.join(trail)
                    break
            else:
                people.append(trail)
        return people


def _distance(a: Sighting | None, b: Sighting) -> float:
    """Between the middles of two boxes, in widths; infinite where one face is much smaller."""
    if a is None or min(a.width, b.width) < ALIKE * max(a.width, b.width):
        return float("inf")
    across = (a.box[0] + a.box[2] - b.box[0] - b.box[2]) / 2
    down = (a.box[1] + a.box[3] - b.box[1] - b.box[3]) / 2
    return float(np.hypot(across, down)) / max(a.width, b.width)
