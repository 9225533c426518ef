"""Components by kind and name, provided by plugins through entry points or registered in this process.

The root of a plugin's package holds nothing but the hook::

    from sdk.registry import Component, hookimpl

    @hookimpl
    def talkstyle_components():
        return [Component("landmark-detector", "mine", "my_package.detector:MyDetector")]

Listing components imports those roots and nothing behind them; ``load`` imports the one class it makes.
"""

from sdk.registry.catalog import Registration, Registry, parse
from sdk.registry.component import Component, Failure, Provider
from sdk.registry.discovery import hookimpl
from sdk.registry.loading import check_shape, import_target
from sdk.registry.requirements import install_line, require_extra, unmet

__all__ = [
    "Component",
    "Failure",
    "Provider",
    "Registration",
    "Registry",
    "accepts",
    "check_shape",
    "components",
    "failures",
    "find",
    "hookimpl",
    "import_target",
    "install_line",
    "load",
    "match",
    "parse",
    "refresh",
    "register",
    "require_extra",
    "resolve",
    "unmet",
]

_registry = Registry()

components = _registry.components
failures = _registry.failures
find = _registry.find
match = _registry.match
load = _registry.load
accepts = _registry.accepts
resolve = _registry.resolve
register = _registry.register
refresh = _registry.refresh
