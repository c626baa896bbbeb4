"""What was exported the day a format was last read: golden files, with their source beside them.

A change of these files is a change of what frameworks are given: look at the difference, read the
source named in SOURCE.md again, then write them anew with ``python make_golden.py``.
"""

from __future__ import annotations

import pytest
from export_samples import BY_NAME, GOLDEN, NAMES, golden_export, golden_recipe
from make_golden import QUESTION, golden_files

from atlasmix.evidence.store import Store
from atlasmix.problem.parsing import problem_from_mapping, problem_to_mapping


@pytest.mark.parametrize("name", NAMES)
def test_the_export_is_the_golden_one(name: str) -> None:
    found = {
        path.relative_to(GOLDEN / name).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted((GOLDEN / name).rglob("*"))
        if path.is_file()
    }
    assert found == golden_files(name)


@pytest.mark.parametrize("name", [one for one in NAMES if BY_NAME[one].checked.how == "read"])
def test_formats_that_nothing_executes_say_so(name: str) -> None:
    page = " ".join((GOLDEN / name / "SOURCE.md").read_text(encoding="utf-8").split())
    assert BY_NAME[name].checked.source in page
    assert BY_NAME[name].checked.date in page
    assert "Nothing in this project has executed it" in page


def test_the_golden_recipe_answers_the_question_it_is_made_from() -> None:
    problem = problem_from_mapping(QUESTION, Store("/nonexistent"))
    assert golden_recipe().question == problem_to_mapping(problem)
    assert {pool.provenance for pool in golden_recipe().pools} == {"human", "translated"}
    assert len(golden_recipe().pools) == 5


def test_golden_exports_are_made_of_the_golden_recipe() -> None:
    digests = {golden_export(name).figures["recipe_sha256"] for name in NAMES}
    assert len(digests) == 1
