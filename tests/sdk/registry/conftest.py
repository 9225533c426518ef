from tests.distributions import site

__all__ = ["site"]
