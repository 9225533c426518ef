import pytest

from sdk.adapter.config import RECIPES, FitConfig
from sdk.errors import ConfigError


def test_the_default_recipe_is_what_one_gets():
    assert FitConfig.recipe("default") == FitConfig()


def test_the_papers_recipe_has_its_three_terms_and_nothing_else():
    terms = FitConfig.recipe("paper").terms
    weights = terms.model_dump(exclude={"critic", "sees"})
    assert {name for name, weight in weights.items() if weight} == {"mg", "timing", "sc", "r"}
    assert (terms.critic, terms.sees) == ("adversarial", "composed")
    assert FitConfig.recipe("literal").terms.critic == "joint"


def test_recipes_differ():
    assert len({recipe.model_dump_json() for recipe in RECIPES.values()}) == len(RECIPES)


def test_an_unknown_recipe_is_refused_by_name():
    with pytest.raises(ConfigError, match="no recipe 'papper'") as caught:
        FitConfig.recipe("papper")
    assert "without-f" in str(caught.value)
