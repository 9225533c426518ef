"""A live session as the face of a Pipecat bot: ``FaceService``, behind the service that speaks."""

from sdk.errors import ComponentUnavailable

try:
    from talkstyle_pipecat.service import FaceService
except ModuleNotFoundError as error:
    if error.name is None or error.name.partition(".")[0] != "pipecat":
        raise
    hint = 'Install it: python -m pip install "talkstyle[pipecat]".'
    raise ComponentUnavailable("the extra pipecat is not installed", where="talkstyle_pipecat", hint=hint) from error

__all__ = ["FaceService"]
