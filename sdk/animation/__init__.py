"""Portrait and sound in, a talking video out: ``animate``, ``animate_many``, and the ``Animation`` that is made."""

from sdk.animation.jobs import Job
from sdk.animation.many import JobResult, animate_many
from sdk.animation.pipeline import animate
from sdk.animation.result import Animation

__all__ = ["Animation", "Job", "JobResult", "animate", "animate_many"]
