"""A live session as the face of a LiveKit agent: ``FaceGenerator``, for LiveKit's own ``AvatarRunner``."""

from sdk.errors import ComponentUnavailable

try:
    from talkstyle_livekit.generator import FaceGenerator
except ModuleNotFoundError as error:
    if error.name is None or error.name.partition(".")[0] != "livekit":
        raise
    hint = 'Install it: python -m pip install "talkstyle[livekit]".'
    raise ComponentUnavailable("the extra livekit is not installed", where="talkstyle_livekit", hint=hint) from error

__all__ = ["FaceGenerator"]
