"""Many animations in one go: lists of jobs, and running them."""

from sdk.batch.jobs import Job
from sdk.batch.runner import JobResult, animate_many

__all__ = ["Job", "JobResult", "animate_many"]
