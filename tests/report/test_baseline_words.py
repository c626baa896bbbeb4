"""Every mixture that an answer is compared with is explained by the rule that makes it."""

from atlasmix.evidence.published import published
from atlasmix.evidence.store import Store
from atlasmix.mixture.comparison import compare
from atlasmix.problem.baselines import names
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.report.answer_tables import baseline_sentences


def test_each_baseline_of_an_answer_has_its_sentence():
    problem = problem_from_mapping({"targets": "cat"}, Store("/nonexistent"))
    compared = [one.name for one in compare(problem)]
    said = baseline_sentences(compared)
    assert [one.split(":")[0] for one in said] == compared
    assert len(said) == 1 + len(names()), "and target only"
    assert all(one.endswith(".") for one in said)


def test_a_published_mixture_speaks_for_itself():
    problem = problem_from_mapping({"targets": "cat"}, Store("/nonexistent"))
    models = (published("salamandra-7b"),)
    compared = [one.name for one in compare(problem, models)]
    assert "salamandra-7b" in compared
    assert not any("salamandra" in one for one in baseline_sentences(compared))
