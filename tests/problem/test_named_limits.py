"""What a limit speaks of: an unknown name is refused, a known one of no pool is said."""

import pytest

from atlasmix.errors import AtlasMixError, ProblemError
from atlasmix.evidence.store import Store
from atlasmix.languages.catalogue import all_languages
from atlasmix.languages.tables import script_names
from atlasmix.mixture.solve import solve
from atlasmix.problem.constraints import KINDS
from atlasmix.problem.parsing import problem_from_mapping, problem_to_mapping

STORE = Store("/nonexistent")
LIMITS = ("min", "max", "keep", "max_epochs")
VALUES = {"min": "5%", "max": "5%", "keep": "1B", "max_epochs": 3}

UNKNOWN = {
    "language:catalna": "did you mean",
    "family:Romanse": "did you mean Romance",
    "family:xyzzy": "expected one as Glottolog and WALS name it",
    "script:Latin": "did you mean Latn?",
    "script:Devanagari": "did you mean Deva?",
    "script:Ltan": "did you mean Latn?",
    "script:zzzz": "expected one by its code in ISO 15924",
    "provenance:humane": "did you mean human",
    "corpus:hplt-v44": "did you mean hplt-v4",
    "pool:cat.human.hplt": "did you mean cat.human.hplt-v4",
    "group:romance": "the groups are none",
    "famly:Romance": "did you mean family",
}


def test_every_kind_is_tried():
    assert {name.partition(":")[0] for name in UNKNOWN} >= set(KINDS)


@pytest.mark.parametrize("key", [*LIMITS, "phase min", "phase max"])
@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_name_is_refused_with_what_may_have_been_meant(key, name):
    """script:Latin and family:Romanse were taken for limits that nothing can break."""
    bound = key.removeprefix("phase ")
    limit = {bound: {name: VALUES[bound]}}
    asked = {"targets": "cat", **limit}
    if key != bound:
        asked = {"targets": "cat", "phases": [{"name": "a", "tokens": "20%", **limit}]}
        asked["phases"].append({"name": "b"})
    with pytest.raises(AtlasMixError) as caught:
        problem_from_mapping(asked, STORE)
    assert UNKNOWN[name] in str(caught.value)


@pytest.mark.parametrize("kind", ["family", "script"])
def test_every_family_and_script_of_a_language_is_known(kind):
    """In any case of letters; none that a pool may have is refused."""
    names = {name for each in all_languages() for name in (each.family, each.genus)} - {""}
    names = sorted(script_names() if kind == "script" else names)
    values = []
    for written in (str, str.lower, str.upper):
        most = {f"{kind}:{written(name)}": 1 for name in names}
        limits = problem_from_mapping({"targets": "cat", "max": most}, STORE).limits
        values.append([limit.selection.value for limit in limits])
    assert values == [names, names, names]


def test_the_same_family_in_other_letters_is_a_second_limit():
    both = {"family:Romance": "5%", "family:romance": "6%"}
    with pytest.raises(ProblemError, match="is the second for the same"):
        problem_from_mapping({"targets": "cat", "max": both}, STORE)


@pytest.mark.parametrize(
    "name", ["family:Basque", "script:Ethi", "ita", "provenance:translated", "corpus:hplt-v2"]
)
def test_a_known_name_without_a_pool_is_said(name):
    """Whoever meant other text than there is should hear of it; the limit is kept all the same."""
    pools = {"provenance": ["human"], "language": ["cat", "spa"], "corpus": ["hplt-v4"]}
    asked = {"targets": "cat", "pools": pools, "max": {name: "5%"}}
    said = solve(problem_from_mapping(asked, STORE)).warnings
    assert any("speaks of no pool of this question" in warning for warning in said)
    asked["phases"] = [{"name": "a"}, {"name": "b", "tokens": "20%", "max": asked.pop("max")}]
    said = solve(problem_from_mapping(asked, STORE)).warnings
    assert any("speaks of no pool of this question" in warning for warning in said)


def test_of_a_limit_with_pools_nothing_is_said():
    asked = {"targets": "cat", "max": {"spa": "5%", "script:Latn": "100%"}}
    said = solve(problem_from_mapping(asked, STORE)).warnings
    assert not any("speaks of no pool" in warning for warning in said)


@pytest.mark.parametrize(
    "asked",
    [
        {"pools": {"exclude_language": ["cat"]}, "max_donors": 0},
        {"pools": {"language": ["jpn"]}, "max_donors": 0},
        {"pools": {"provenance": ["generated"]}},
        {"max": {"cat": 0}, "max_donors": 0},
        {"max": {"cat": 0}, "max_donors": 0, "tokens": "exactly"},
        {"max": {"provenance:human": 0}},
        {"max": {"script:Latn": 0, "script:Cyrl": 0}, "matrix": "atlas-2025"},
        {"worth": {"human": 0}},
    ],
)
def test_a_question_that_leaves_nothing_to_read_is_refused(asked):
    """It was answered with 0 tokens and a certificate."""
    with pytest.raises(ProblemError):
        solve(problem_from_mapping({"targets": "cat", **asked}, STORE))


def test_a_floor_for_every_target_goes_as_far_as_its_text():
    """Occitan has 42M tokens: 0.05 % of 8T in four epochs would shrink the run to 336B."""
    asked = {"targets": "fra,oci", "budget": "8T", "min": {"*": "0.05%"}}
    limits = {limit.name.split()[1]: limit for limit in problem_from_mapping(asked, STORE).limits}
    assert limits["fra"].share == pytest.approx(0.0005)
    tokens = sum(
        pool.unique_tokens
        for pool in problem_from_mapping(asked, STORE).pools
        if pool.language == "oci"
    )
    assert limits["oci"].tokens == pytest.approx(4 * 0.99 * tokens)
    assert solve(problem_from_mapping(asked, STORE)).tokens > 1e12


def test_a_floor_that_names_a_language_is_kept_to_the_letter():
    asked = {"targets": "fra,oci", "budget": "8T", "min": {"oci": "0.05%"}}
    (limit,) = problem_from_mapping(asked, STORE).limits
    assert limit.share == pytest.approx(0.0005)


def test_code_is_read_as_much_as_a_limit_says():
    """Nobody measured what code gives a language: without a limit none is read."""
    asked = {"targets": "cat", "inventory": ["web-2026", "code-math-2023"]}
    assert "code" not in solve(problem_from_mapping(asked, STORE)).proportions
    asked["min"] = {"code": "15%"}
    mixture = solve(problem_from_mapping(asked, STORE))
    assert mixture.proportions["code"] == pytest.approx(0.15)
    assert "math" not in mixture.proportions
    transfer = problem_from_mapping(asked, STORE).transfer
    at = transfer.index("code"), transfer.index("cat")
    assert (transfer.weights[at], transfer.status[at]) == (0.0, "")


@pytest.mark.parametrize("name", ["ang", "arg"])
def test_a_language_without_text_is_refused_with_its_relatives(name):
    """By relatedness, not by spelling: of Old English, English and not Angika."""
    with pytest.raises(ProblemError, match=r"has no text in .* nearest to it by") as caught:
        problem_from_mapping({"targets": name}, STORE)
    kin = {"ang": ("eng",), "arg": ("spa", "cat")}[name]
    assert all(f"({key}," in str(caught.value) for key in kin), caught.value


def test_a_target_without_text_here_is_told_which_inventories_have_some():
    with pytest.raises(ProblemError, match=r"nearest to it by .* are Italian") as caught:
        problem_from_mapping({"targets": "vec", "inventory": "cc100-2019"}, STORE)
    asked = "fineweb2-2025 and web-2026 have: give one beside it or in its place, with inventory"
    assert caught.value.hint.startswith(asked)
    for name in ("fineweb2-2025", "web-2026"):
        assert problem_from_mapping({"targets": "vec", "inventory": name}, STORE).target_keys
    # Of one that no inventory has, none is named.
    with pytest.raises(ProblemError) as caught:
        problem_from_mapping({"targets": "ang"}, STORE)
    assert caught.value.hint == "add your own counts of its text, or ask for a relative"


def test_floors_by_name_are_not_written_as_one_that_would_give_way():
    """A recipe once held ``*`` for two floors of one share, and read back as another question."""
    asked = {"targets": "yor,eng", "budget": "8T", "min": {"yor": 0.01, "eng": 0.01}}
    problem = problem_from_mapping(asked, STORE)
    again = problem_from_mapping(problem_to_mapping(problem), STORE)
    assert again.limits == problem.limits
    assert {limit.name for limit in again.limits} == {"min yor 1%", "min eng 1%"}
