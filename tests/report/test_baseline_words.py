"""Every mixture that an answer is compared with is explained by the rule that makes it."""

from dataclasses import replace

import pytest

from atlasmix.evidence.published import published
from atlasmix.evidence.store import Store
from atlasmix.mixture.comparison import compare
from atlasmix.mixture.solve import solve
from atlasmix.problem.baselines import is_of_targets, names
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.problem.problem import Near
from atlasmix.problem.worlds import floor_of
from atlasmix.report.answer import answer_report
from atlasmix.report.answer_tables import baseline_sentences, comparison_table
from atlasmix.report.answer_words import flat_sentence, proof_sentence
from atlasmix.report.findings import Findings
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


EUROPEAN = "bul,cat,ces,dan,deu,ell,eng,est,fin,fra,hun,ita,nld,pol,por,ron,spa,swe"


def asked(targets, **more):
    question = {"targets": targets, **more}
    problem = problem_from_mapping(question, Store("/nonexistent"))
    return problem, solve(problem), compare(problem)


def test_who_reads_the_first_lines_alone_hears_that_a_rule_is_nearly_as_good():
    # Catches: a headline of a fifth French, to be prepared at great cost for half of one per cent.
    problem, mixture, compared = asked(EUROPEAN, budget="8T", params="8B")
    rule = min(
        (one for one in compared if one.within_limits and is_of_targets(one.name)),
        key=lambda one: one.value,
    )
    value = mixture.certificate.value
    part = (rule.value - value) / (value - floor_of(problem))
    keys = {*mixture.proportions, *rule.proportions}
    kept = sum(
        min(mixture.proportions.get(key, 0.0), rule.proportions.get(key, 0.0)) for key in keys
    )
    said = flat_sentence(problem, mixture, compared)
    assert f"{rule.name}, which needs no evidence on transfer, is {percent(part)} of" in said
    assert f"has {percent(1.0 - kept)} of the tokens elsewhere" in said
    head = [one.text for one in answer_report(problem, mixture, Findings(compared)).blocks[:6]]
    assert head.index(said) == head.index(proof_sentence(mixture)) + 1
    # What it advises is a question that has an answer, and then it is silent.
    near = said.rsplit("near: ", 1)[1].removesuffix(").")
    closer = solve(replace(problem, near=Near(near)))
    assert closer.left_alone.moved < 1.0 - kept
    assert flat_sentence(replace(problem, near=Near(near)), closer, compared) == ""


@pytest.mark.parametrize(
    ("targets", "more"),
    [
        (["cat"], {}),
        (["cat", "spa"], {}),
        (["cat", "por", "spa", "glg"], {}),  # a rule over the four is the optimum
        (["cat", "glg", "eus"], {"objective": "worst"}),
    ],
)
def test_of_few_targets_of_a_rule_that_is_the_answer_and_of_the_worst_nothing_is_said(
    targets, more
):
    assert flat_sentence(*asked(targets, budget="300B", **more)) == ""
