"""Whole pictures from interlaced video, whose frames hold two moments in alternate lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import av
from av.filter import Graph

MIN_SIDE: Final = 16
"""Pixels that a picture needs each way for the filter to work on it."""


def deinterlaced(frames: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    """Give interlaced frames the picture of one moment, each with its time; until the first of them nothing changes."""
    graph: Graph | None = None
    shape = None
    for frame in frames:
        now = (frame.format.name, frame.width, frame.height)
        if graph is not None and now != shape:  # filters do not survive a change
            yield from _finished(graph)
            graph = None
        if graph is None:
            if not frame.interlaced_frame or min(frame.width, frame.height) < MIN_SIDE:
                yield frame
                continue
            graph, shape = _filter(frame), now
        graph.vpush(frame)
        yield from _ready(graph)
    if graph is not None:
        yield from _finished(graph)


def _filter(frame: av.VideoFrame) -> Graph:
    graph = Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)
    graph.link_nodes(source, graph.add("bwdif", "mode=send_frame:deint=interlaced"), graph.add("buffersink"))
    graph.configure()
    return graph


def _ready(graph: Graph) -> Iterator[av.VideoFrame]:
    while True:
        try:
            yield graph.vpull()
        except (av.BlockingIOError, av.EOFError):
            return


def _finished(graph: Graph) -> Iterator[av.VideoFrame]:
    graph.vpush(None)
    yield from _ready(graph)
