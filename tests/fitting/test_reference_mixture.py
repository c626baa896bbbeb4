"""A reference that is a file: the shares of the runs' sources, or what they do not mix."""

import numpy as np
import pytest

from atlasmix.errors import ProblemError
from atlasmix.evidence.published import published
from atlasmix.evidence.store import Store
from atlasmix.fitting.reference_mixture import shares_among
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.recipe.file import dump_recipe
from atlasmix.recipe.recipe import make_recipe


@pytest.fixture(scope="module")
def last(tmp_path_factory):
    """A recipe of two languages, and its shares."""
    problem = problem_from_mapping({"targets": "cat,spa", "draws": 0}, Store("/nonexistent"))
    mixture = solve(problem)
    path = tmp_path_factory.mktemp("last") / "recipe.yaml"
    path.write_text(dump_recipe(make_recipe(problem, mixture)), encoding="utf-8")
    return published(str(path)), mixture.proportions


def test_sources_are_found_by_key_and_by_any_name_in_their_order(last):
    """In the order of the file, or by its keys alone, another mixture would be the reference."""
    mixture, shares = last
    for sources in (("spa", "eng", "cat"), ("Spanish", "eng", "català")):
        wanted = [shares["spa"], 0.0, shares["cat"]]
        np.testing.assert_allclose(shares_among(mixture, sources), wanted, atol=1e-6)


@pytest.mark.parametrize("sources", [("spa", "eng"), ("web", "code")])
def test_what_the_runs_do_not_mix_is_named(last, sources):
    with pytest.raises(ProblemError, match=r"reads .*cat.*, which the runs do not mix: expected"):
        shares_among(last[0], sources)
