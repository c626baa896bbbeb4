"""docs/reference/problem.md knows every key of a question, and its example is one."""

import re
from pathlib import Path

import pytest
import yaml

from atlasmix.errors import ProblemError
from atlasmix.evidence.store import Store
from atlasmix.laws.saturation import DEFAULT_DECAY
from atlasmix.laws.shelf import DEFAULT_LAW
from atlasmix.mixture.solve import solve
from atlasmix.problem import problem as defaults
from atlasmix.problem.constraints import Guardrail
from atlasmix.problem.parsing import QUESTION_KEYS, problem_from_mapping

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "problem.md").read_text(encoding="utf-8")
EXAMPLE = yaml.safe_load(re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL).group(1))
ROWS = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", PAGE, re.MULTILINE))


def test_every_key_has_a_row_and_stands_in_the_example():
    assert sorted(ROWS) == sorted(QUESTION_KEYS)
    # The page says in whose place the others stand.
    assert sorted({*EXAMPLE, "compute", "rivals", "wrong_scores"}) == sorted(QUESTION_KEYS)


def test_the_example_is_a_question():
    problem = problem_from_mapping(EXAMPLE, Store("/nonexistent"))
    assert problem.target_keys == ("cat", "nob")
    assert problem.max_donors == 6
    references = [one.reference for one in problem.limits if isinstance(one, Guardrail)]
    assert references == ["natural", "temperature-1.43", "natural"]
    least = {one.name for one in problem.limits if getattr(one, "bound", "") == "min"}
    assert least == {
        "min nob 0.05%",
        "min cat 10%",
        "min iberian 5%",
        "min cat/human 37.38%",
        "min nob/human 37.38%",
    }


def test_the_example_has_an_answer():
    mixture = solve(problem_from_mapping(EXAMPLE, Store("/nonexistent")))
    assert sum(mixture.proportions.values()) == pytest.approx(1.0)
    assert mixture.certificate.exact


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("max_epochs", defaults.DEFAULT_EPOCHS),
        ("risk_aversion", defaults.DEFAULT_RISK_AVERSION),
        ("lambda", DEFAULT_DECAY),
        ("law", DEFAULT_LAW),
        ("worth", dict(defaults.WORTH)),
    ],
)
def test_the_defaults_are_those_of_the_code(key, value):
    assert yaml.safe_load(ROWS[key].strip("`")) == value


def test_leaving_every_default_out_asks_the_same():
    store = Store("/nonexistent")
    written = {
        key: yaml.safe_load(ROWS[key].strip("`")) for key in ROWS if ROWS[key].startswith("`")
    }
    stated = problem_from_mapping({**written, "targets": "cat"}, store)
    plain = problem_from_mapping({"targets": "cat"}, store)
    assert (stated.budget, stated.params, stated.objective) == (
        plain.budget,
        plain.params,
        plain.objective,
    )
    assert stated.pools == plain.pools
    assert stated.exact_tokens == plain.exact_tokens
    assert stated.law == plain.law


REFUSED = re.findall(r"^\| `(\w+: .*?)` \| ", PAGE.partition("cannot be asked")[2], re.MULTILINE)


@pytest.mark.parametrize("written", REFUSED)
def test_what_the_page_says_is_refused_is_refused(written):
    with pytest.raises(ProblemError, match=r"leave (it|the key|a false one) out|write "):
        problem_from_mapping({"targets": "cat", **yaml.safe_load(written)}, Store("/nonexistent"))


def test_every_refused_key_is_on_the_page():
    keys = [next(iter(yaml.safe_load(written))) for written in REFUSED]
    assert keys == ["interference", "spend_all", "objective", "from"]
