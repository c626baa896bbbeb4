"""Every mixture that an answer is compared with is explained by the rule that makes it."""

from atlasmix.evidence.published import published
from atlasmix.evidence.store import Store
from atlasmix.mixture.comparison import compare
from atlasmix.mixture.solve import solve
from atlasmix.problem.baselines import is_of_targets, names
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.problem.worlds import floor_of
from atlasmix.report.answer_tables import baseline_sentences, comparison_table
from atlasmix.report.words import percent


def test_each_baseline_of_an_answer_has_its_sentence():
    problem = problem_from_mapping({"targets": ["cat", "glg"]}, Store("/nonexistent"))
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


def test_what_the_evidence_is_worth_is_told_beside_the_rules_over_the_targets():
    """Beside rules over a thousand languages alone a small gain looks like a large one."""
    problem = problem_from_mapping({"targets": ["cat", "glg", "eus"]}, Store("/nonexistent"))
    mixture, compared = solve(problem), compare(problem)
    rule = min(
        (one for one in compared if one.within_limits and is_of_targets(one.name)),
        key=lambda one: one.value,
    )
    told = [one for one in comparison_table(problem, mixture, compared).notes if rule.name in one]
    value = mixture.certificate.value
    part = (rule.value - value) / (value - floor_of(problem))
    assert part > 0
    assert [percent(part) in one and "what the evidence is worth" in one for one in told] == [True]
