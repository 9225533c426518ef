"""Asking for components: by name, qualified name or object; and every way in which that goes wrong."""

from __future__ import annotations

import pickle

import pytest

from sdk.errors import ComponentAmbiguous, ComponentBroken, ComponentNotFound, ComponentUnavailable, ConfigError
from sdk.registry import Component, Registry, parse
from sdk.registry.discovery import Found, discover
from tests.distributions import install, plugin, points

RENDERER = """
class Plain:
    name = "plain"

    def __init__(self, *, size: int = 3):
        self.size = size

    def prepare(self, portrait):
        return portrait

    def render(self, prepared, motions):
        return iter(())


class Nothing:
    name = "nothing"


class Raises(Plain):
    def __init__(self):
        raise OSError("no such weights")


class Anything(Plain):
    def __init__(self, **options):
        self.options = options
"""


class Mine:
    """A renderer of this process."""

    name = "mine"

    def __init__(self, *, size: int = 3):
        self.size = size

    def prepare(self, portrait):
        return portrait

    def render(self, prepared, motions):
        return iter(())


@pytest.fixture
def registry():
    return Registry(discover=Found)


@pytest.fixture
def installed(site):
    """A registry of what a test installs into ``site``."""
    (site / "parts.py").write_text(RENDERER, encoding="utf-8")

    def make(*components, name="plain-dist"):
        module = name.replace("-", "_")
        install(site, name, {module: plugin(*(f"'renderer', {c}" for c in components))})
        return Registry(discover=lambda: discover(points(site)))

    return make


def test_a_component_is_loaded_with_its_configuration(installed):
    registry = installed("'plain', 'parts:Plain'")
    assert registry.load("renderer", "plain").size == 3
    assert registry.load("renderer", "plain", size=5).size == 5
    assert registry.load("renderer", "plain-dist:plain").size == 3


def test_an_unknown_option_names_those_there_are(installed):
    registry = installed("'plain', 'parts:Plain'", "'any', 'parts:Anything'")
    with pytest.raises(ConfigError, match=r"no option 'sise'.*It knows size"):
        registry.load("renderer", "plain", sise=5)
    assert registry.load("renderer", "any", sise=5).options == {"sise": 5}


def test_a_pydantic_model_checks_the_configuration(installed, site):
    model = "from pydantic import BaseModel, Field\nclass Settings(BaseModel):\n    size: int = Field(7, ge=1)\n"
    (site / "settings.py").write_text(model, encoding="utf-8")
    registry = installed("'plain', 'parts:Plain', config='settings:Settings'")
    assert registry.load("renderer", "plain").size == 7
    assert registry.load("renderer", "plain", size="4").size == 4
    with pytest.raises(ConfigError, match=r"refuses size: Input should be greater"):
        registry.load("renderer", "plain", size=0)
    with pytest.raises(ConfigError, match=r"no option 'sise'"):
        registry.load("renderer", "plain", sise=1)


def test_an_unknown_name_gives_near_ones(installed):
    registry = installed("'plain', 'parts:Plain'")
    with pytest.raises(ComponentNotFound, match=r"Did you mean 'plain'"):
        registry.load("renderer", "plian")
    with pytest.raises(ConfigError, match=r"Did you mean 'renderer'"):
        registry.load("rendrer", "plain")


def test_an_unknown_name_says_what_failed_and_what_restricts(installed, site, monkeypatch):
    install(site, "bad", {"bad_plugin": "raise RuntimeError('boom')"})
    registry = installed("'plain', 'parts:Plain'")
    with pytest.raises(
        ComponentNotFound, match=r"'bad_plugin' of bad 1.0 failed at import: RuntimeError: boom"
    ) as caught:
        registry.load("renderer", "other")
    assert isinstance(caught.value.__cause__, RuntimeError)
    monkeypatch.setenv("TALKSTYLE_PLUGINS", "plain_dist")
    registry.refresh()
    with pytest.raises(ComponentNotFound, match=r"TALKSTYLE_PLUGINS is set"):
        registry.load("renderer", "other")


@pytest.mark.parametrize("name", ["bad_plugin", "bad", "bad:bad_plugin"])
def test_asking_for_what_failed_raises_why(installed, site, name):
    install(site, "bad", {"bad_plugin": "raise RuntimeError('boom')"})
    registry = installed("'plain', 'parts:Plain'")
    with pytest.raises(ComponentBroken, match=r"failed at import: RuntimeError: boom") as caught:
        registry.load("renderer", name)
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert registry.load("renderer", "plain").name == "plain"


def test_a_clash_names_both_and_the_qualified_names_work(installed):
    installed("'plain', 'parts:Plain'", name="one")
    registry = installed("'plain', 'parts:Anything'", name="two")
    assert [(p.qualified, p.state) for p in registry.components()] == [("one:plain", "clash"), ("two:plain", "clash")]
    with pytest.raises(ComponentAmbiguous, match=r"one 1.0 and two 1.0.*'one:plain' or 'two:plain'"):
        registry.load("renderer", "plain")
    assert type(registry.load("renderer", "one:plain")).__name__ == "Plain"
    assert type(registry.load("renderer", "two:plain")).__name__ == "Anything"


def test_one_name_in_two_kinds_is_no_clash(site):
    source = plugin("'renderer', 'plain', 'a:B'", "'landmark-detector', 'plain', 'a:B'")
    install(site, "both", {"both_plugin": source})
    registry = Registry(discover=lambda: discover(points(site)))
    assert [p.state for p in registry.components()] == ["ready", "ready"]
    assert [p.kind for p in registry.match("plain")] == ["landmark-detector", "renderer"]


def test_a_missing_requirement_gives_the_install_line(installed):
    registry = installed("'plain', 'parts:Plain', requires=['no-such-thing>=2']")
    with pytest.raises(ComponentUnavailable, match=r'Run: python -m pip install "no-such-thing>=2"'):
        registry.load("renderer", "plain")


def test_a_requirement_installed_since_then_is_noticed(installed, site):
    registry = installed("'plain', 'parts:Plain', requires=['late-thing']")
    assert registry.components()[0].state == "missing"
    install(site, "late-thing", {})
    assert registry.load("renderer", "plain").name == "plain"


def test_another_version_of_the_interface_is_refused(installed):
    registry = installed("'plain', 'parts:Plain', api=2")
    with pytest.raises(ComponentUnavailable, match=r"written for version 2 of the interface.*upgrade talkstyle"):
        registry.load("renderer", "plain")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("no_such_module:Plain", "no_such_module"),
        ("parts:Absent", "Absent"),
        ("parts:Raises", "OSError: no such weights"),
        ("parts:Nothing", "lacks prepare, render"),
    ],
)
def test_a_broken_component_says_what_and_whose(installed, target, said):
    registry = installed(f"'bad', '{target}'", "'plain', 'parts:Plain'")
    with pytest.raises(ComponentBroken, match=said) as caught:
        registry.load("renderer", "bad")
    assert caught.value.where == "plain-dist 1.0"
    assert registry.load("renderer", "plain").name == "plain"


def test_objects_are_taken_where_names_are(registry):
    mine = Mine()
    assert registry.resolve("renderer", mine) is mine
    with pytest.raises(ComponentBroken, match=r"Mine is not an instance.*Mine\(\)"):
        registry.resolve("renderer", Mine)
    with pytest.raises(ComponentBroken, match=r"Mine is no audio-encoder: it lacks .*encode"):
        registry.resolve("audio-encoder", mine)
    with pytest.raises(ConfigError, match=r"takes no further options"):
        registry.resolve("renderer", mine, size=4)


def test_registering_lasts_as_long_as_the_block(registry):
    with registry.register("renderer", "mine", Mine, summary="Mine.") as registration:
        assert registration.provider.qualified == "local:mine"
        assert registry.load("renderer", "mine", size=9).size == 9
        assert registry.resolve("renderer", "local:mine").size == 3
        with pytest.raises(ComponentAmbiguous, match=r"already registered"):
            registry.register("renderer", "mine", Mine)
    assert registry.components() == ()
    registration.remove()


def test_a_registered_name_shadows_no_installed_one(installed):
    registry = installed("'plain', 'parts:Plain'")
    with registry.register("renderer", "plain", Mine):
        with pytest.raises(ComponentAmbiguous, match=r"local.*'local:plain'"):
            registry.load("renderer", "plain")
        assert isinstance(registry.load("renderer", "local:plain"), Mine)
    assert type(registry.load("renderer", "plain")).__name__ == "Plain"


def test_what_cannot_be_registered(registry):
    with pytest.raises(ComponentBroken, match=r"kind='rendrer'"):
        registry.register("rendrer", "mine", Mine)
    with pytest.raises(ComponentBroken, match=r"name='My Renderer'"):
        registry.register("renderer", "My Renderer", Mine)


def test_functions_and_lambdas_can_be_registered(registry):
    with registry.register("renderer", "mine", lambda: Mine(size=8)):
        assert registry.load("renderer", "mine").size == 8
    with registry.register("renderer", "named", f"{__name__}:Mine"):
        assert registry.load("renderer", "named").size == 3


def test_a_component_is_frozen_and_takes_one_requirement_as_a_string():
    component = Component("renderer", "plain", "a:B", requires="numpy>=1")
    assert component.requires == ("numpy>=1",)
    with Registry(discover=Found).register("renderer", "plain", Component, requires="numpy>=1") as registered:
        assert registered.provider.component.requires == ("numpy>=1",)
    assert pickle.loads(pickle.dumps(component)) == component
    with pytest.raises(AttributeError):
        component.name = "other"


def test_the_public_functions_share_one_registry():
    import sdk

    with sdk.register("renderer", "mine-in-tests", Mine):
        assert "local:mine-in-tests" in [p.qualified for p in sdk.components("renderer")]
        assert isinstance(sdk.load("renderer", "mine-in-tests"), Mine)
    with pytest.raises(sdk.ComponentNotFound):
        sdk.load("renderer", "mine-in-tests")


def test_whether_an_option_is_taken_is_asked_without_making_anything(installed, site):
    (site / "sizes.py").write_text(
        "import pydantic\nclass Sizes(pydantic.BaseModel):\n    depth: int = pydantic.Field(1, alias='deep')\n"
    )
    registry = installed(
        "'plain', 'parts:Plain'",
        "'any', 'parts:Anything'",
        "'raises', 'parts:Raises'",
        "'modelled', 'parts:Anything', config='sizes:Sizes'",
        "'lacking', 'parts:Plain', requires=('no-such-thing',)",
    )
    asked = {name: registry.accepts("renderer", name, "size") for name in ("plain", "any", "raises", "modelled")}
    assert asked == {"plain": True, "any": True, "raises": False, "modelled": False}
    assert not registry.accepts("renderer", "plain", "device")
    assert registry.accepts("renderer", "modelled", "depth")
    assert registry.accepts("renderer", "modelled", "deep")
    with pytest.raises(ComponentUnavailable, match="no-such-thing"):
        registry.accepts("renderer", "lacking", "size")
    with pytest.raises(ComponentNotFound):
        registry.accepts("renderer", "none", "size")


def test_options_can_stand_behind_a_name(registry):
    with registry.register("renderer", "mine", Mine):
        assert registry.load("renderer", "mine,size=5").size == 5
        assert registry.resolve("renderer", "local:mine,size=folder/a").size == "folder/a"
        assert registry.load("renderer", "mine,size=5", size=7).size == 7
        assert registry.accepts("renderer", "mine,size=5", "size")
        with pytest.raises(ConfigError, match="has no option 'colour'"):
            registry.load("renderer", "mine,colour=red")


@pytest.mark.parametrize("text", ["mine,size", "mine,=3", "mine,size=1,size=2", "mine,"])
def test_what_is_no_option_is_named(registry, text):
    with registry.register("renderer", "mine", Mine), pytest.raises(ConfigError, match="is not an option"):
        registry.load("renderer", text)


def test_options_behind_a_name():
    text = "dist:name,model=a/b.task,flip_input=true,max_faces=2"
    assert parse(text) == ("dist:name", {"model": "a/b.task", "flip_input": True, "max_faces": 2})
    with pytest.raises(ConfigError, match="not an option"):
        parse("name,fast")
