"""A question as a link: short, exact, and harmless whoever wrote it."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from atlasmix.errors import AtlasMixError, DataError, ProblemError
from atlasmix.evidence.overlay import Overlay, lay
from atlasmix.evidence.shelf import INVENTORIES, MATRICES
from atlasmix.evidence.store import Store
from atlasmix.problem.link import (
    LINK_LIMIT,
    MOST_POOLS,
    MOST_TARGETS,
    link_text,
    read_link,
    short_question,
    stranger_problem,
)
from atlasmix.problem.parsing import problem_from_mapping, problem_to_mapping

STORE = Store("/nonexistent")
FILES = {"table": "many.csv", "card": "card.yaml"}
MATRIX_CARD = """\
title: Many
metric: BTS
orientation: source to target
direction: higher is better
status: measured
stderr: {measured: 0.05}
source: ours
licence: private
"""
INVENTORY_CARD = "title: Many\nsource: ours\nlicence: private\n"

QUESTIONS = [
    {"targets": "cat"},
    {"targets": {"cat": 2, "spa": 0.5}, "budget": "1.5T", "params": "7B"},
    {"targets": "cat", "min": {"cat": "30%"}, "max": {"family:Romance": 0.9}},
    {"targets": "cat", "max_epochs": {"default": 2, "cat": 8}, "keep": {"provenance:human": "2B"}},
    {"targets": "swe,nob", "groups": {"north": ["swe", "nob"]}, "min": {"north": "50%"}},
    {"targets": "cat", "guardrails": {"spa": "20%:uniform"}, "max_donors": 0, "tokens": "exactly"},
    {"targets": "cat,spa", "min": {"*": "0.05%", "eng": 0.1}, "max": {"*": 0.7}},
    {
        "targets": "cat",
        "pools": {"provenance": ["human", "translated"]},
        "worth": {"translated": 1},
    },
    {"targets": "cat", "inventory": ["web-2026", "finepdfs-2026"], "pools": {"kind": "all"}},
    {"targets": "swe", "matrix": "langrank-2019-dep", "calibration": "affine:0.01,-0.2"},
    {
        "targets": "cat,spa",
        "compute": "1.5e22",
        "groups": {"north": ["swe", "nob"]},
        "phases": [
            {"name": "warmup", "tokens": "5B", "max": {"family:Romance": "99%", "north": 0.011}},
            {"name": "main", "tokens": "rest"},
            {"name": "anneal", "tokens": 0.123456789, "min": {"cat": "57%"}, "max_epochs": 1.5},
        ],
    },
    {"targets": "cat", "phases": [{"name": "all", "tokens": "100%"}]},
    {"targets": "cat", "objective": "worst", "lambda": 0.1, "risk_aversion": 0},
    {
        "targets": "cat",
        "law": {
            **{"name": "mine", "E": 1.9, "A": 500, "alpha": 0.35, "B": 2000, "beta": 0.36},
            **{"unit": "nats per token", "measured_on": "our runs", "source": "report 12"},
            **{"phi": 0.2, "phi_range": [0.1, 0.3], "fitted_params": [1e7, 1e10]},
        },
    },
]


@pytest.mark.parametrize("asked", QUESTIONS, ids=lambda asked: str(list(asked)[1:]))
def test_a_link_asks_the_same_question(asked):
    problem = problem_from_mapping(asked, STORE)
    back = read_link(link_text(short_question(problem)), STORE)
    assert problem_to_mapping(back) == problem_to_mapping(problem)


def test_defaults_are_left_out():
    short = short_question(problem_from_mapping({"targets": "cat"}, STORE))
    assert short == {"targets": {"cat": 1}}
    assert link_text(short) == "{targets: {cat: 1}}"


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["cat", "spa", "swh", "jpn"]),
    st.integers(100_000, 10**15),
    st.floats(0.5, 16),
    st.floats(0, 1),
    st.booleans(),
)
def test_any_numbers_come_back_exactly(target, budget, cap, share, exact):
    tokens = "exactly" if exact else "at most"
    asked = {"targets": {target: 1}, "budget": budget, "max_epochs": cap, "tokens": tokens}
    problem = problem_from_mapping({**asked, "max": {target: share}}, STORE)
    back = read_link(link_text(short_question(problem)), STORE)
    assert (back.budget, back.max_epochs, back.exact_tokens) == (budget, cap, exact)
    assert back.limits == problem.limits


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{targets: {cat: 1}}" + " " * LINK_LIMIT, "expected at most 4,096"),
        ("", "is no question: expected text such as"),
        ("[cat]", "is no question"),
        ("{targets: {cat: 1}, secret: 1}", "has no key 'secret'"),
        ("!!python/object/apply:os.system ['echo hi']", "is not plain YAML"),
        ("{targets: &a {cat: 1}, groups: *a}", "anchor or alias"),
        ("{targets: {cat: 1}, targets: {spa: 1}}", "the key 'targets' a second time"),
        ("{targets: {<script>alert(1)</script>: 1}}", "no language '<script>alert"),
        ("{targets: {no: 1}}", "does not read as a text"),
        ("{targets: {cat: 1}, budget: -5}", "expected a finite number above 0"),
        ("{targets: {cat: 1}, matrix: ../../etc/passwd}", "no matrix '../../etc/passwd'"),
        ("{targets: {cat: 1}, inventory: 'https://example.org/x'}", "no inventory 'https://"),
        ("{targets: {cat: 1}, law: /etc/law.yaml}", "files are not read here"),
        ("{targets: {cat: 1}, law: mine.yml}", "files are not read here"),
        ("{targets: {cat: 1}, guardrails: {eng: '1%:../x'}}", "no reference mixture '../x'"),
        ("{targets: {cat: 1}, pools: {name: [/etc/passwd]}}", "which inventory web-2026 does not"),
    ],
)
def test_a_hostile_link_is_refused(text, words):
    with pytest.raises(AtlasMixError) as caught:
        read_link(text, STORE)
    assert words in str(caught.value)


def test_a_law_in_a_file_stays_unread(tmp_path, monkeypatch):
    law = tmp_path / "law.yaml"
    law.write_text("name: stolen\n")
    monkeypatch.chdir(tmp_path)
    for written in (str(law), "law.yaml", "./law.yaml", "LAW.YAML", "a/../law.yaml"):
        with pytest.raises(DataError, match="files are not read here"):
            stranger_problem({"targets": "cat", "law": written}, STORE)
    named = stranger_problem({"targets": "cat", "law": "besiroglu-2024"}, STORE)
    assert named.law.name == "besiroglu-2024"


def many(pools, targets):
    """An overlay with a world of so many labels and pools."""
    labels = [f"label-{number}" for number in range(targets)]
    names = f"axis: domain\nnames: [{', '.join(labels)}]\n"
    card = MATRIX_CARD.replace("BTS", "transfer weight") + names
    scores = "source,target,score\nlabel-0,label-0,1\n"
    overlay, _ = lay(
        Overlay("/nonexistent"), MATRICES, scores.encode(), card.encode(), FILES, "many"
    )
    rows = [f"label-0,human,corpus-{number},1000000,ours,counted" for number in range(pools)]
    header = "language,provenance,corpus,unique_tokens,unit,obtained"
    table, card = "\n".join([header, *rows]), INVENTORY_CARD + names
    overlay, _ = lay(overlay, INVENTORIES, table.encode(), card.encode(), FILES, "many")
    return overlay, {
        "targets": {label: 1 for label in labels},
        "matrix": "many",
        "inventory": "many",
    }


def test_large_questions_are_refused_before_they_are_solved():
    overlay, asked = many(MOST_POOLS + 1, 2)
    with pytest.raises(ProblemError, match=r"has 2,001 pools: at most 2,000 are solved here"):
        stranger_problem(asked, overlay)
    overlay, asked = many(1, MOST_TARGETS + 1)
    with pytest.raises(ProblemError, match=r"has 101 targets: at most 100 are solved here"):
        stranger_problem(asked, overlay)
    overlay, asked = many(MOST_POOLS, 2)
    assert len(stranger_problem(asked, overlay).pools) == MOST_POOLS


def test_a_question_too_long_for_a_link_says_so():
    law = {**QUESTIONS[-1]["law"], "source": "report " * 600}
    with pytest.raises(ProblemError, match=r"has 4,\d+ bytes and a link holds 4,096"):
        link_text({"targets": "cat", "law": law})


def test_a_link_is_one_line_of_yaml():
    text = link_text(QUESTIONS[5])
    assert "\n" not in text
    assert yaml.safe_load(text)["max_donors"] == 0
