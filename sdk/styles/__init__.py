"""What a style looks like: previews for its model card."""

from sdk.styles.preview import previews

__all__ = ["previews"]
