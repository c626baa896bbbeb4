"""``atlasmix lint`` through the real command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Run, assert_refused

MIX = "0.899 hplt/eng_Latn\n0.1 hplt/cat_Latn\n0.0009 hplt/gle_Latn\n0.0001 code\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "datamix.txt").write_text(MIX)
    (tmp_path / "counts.json").write_text(
        json.dumps(
            {"hplt/eng_Latn": 7e12, "hplt/cat_Latn": 2e10, "hplt/gle_Latn": 5e8, "code": 1e9}
        )
    )
    return tmp_path


LINT = "lint datamix.txt --from megatron --counts counts.json --budget 1T"


@pytest.mark.usefixtures("folder")
def test_a_framework_file_at_a_budget(atlasmix: Run) -> None:
    done = atlasmix(*LINT.split(), "--floor", "0.1%")
    assert (done.status, done.err) == (0, "")
    assert "datamix: 2 faults" in done.out
    assert "cat.unknown.hplt would be read 5 times, the cap is 4" in done.out.replace("\n", " ")
    assert "Irish (gle) has 0.09% of the tokens, below the floor of 0.1%" in done.out
    assert "Solved again: its own languages as targets, each weighted by its share" in done.out
    strict = atlasmix(*LINT.split(), "--strict")
    assert strict.status == 1
    assert atlasmix(*LINT.split(), "--strict", "--max-epochs", "5").status == 0


@pytest.mark.usefixtures("folder")
def test_the_mixture_file_says_the_same(atlasmix: Run) -> None:
    words = "import datamix.txt --from megatron --counts counts.json --budget 1T -o m.yaml"
    atlasmix(*words.split())
    direct = json.loads(atlasmix(*LINT.split(), "--json").out)
    by_file = json.loads(atlasmix("lint", "m.yaml", "--json").out)
    assert direct == by_file
    assert direct["faults"] == 1
    rows = {row["pool"]: row["epochs"] for row in direct["rows"]}
    assert rows["cat.unknown.hplt"] == pytest.approx(5.0)
    assert rows["code"] == pytest.approx(0.1)


@pytest.mark.usefixtures("folder")
def test_targets_change_what_is_solved(atlasmix: Run) -> None:
    found = json.loads(atlasmix(*LINT.split(), "--target", "català", "--json").out)["resolved"]
    assert found["asked"] == "targets"
    then = {one["language"]: one["then"] for one in found["changes"]}
    # Four epochs of Catalan, not the five that the mixture reads.
    tokens = found["tokens"] - found["unspent"]
    assert then["cat"] * tokens == pytest.approx(8e10, rel=1e-3)
    assert "1 of these sources is read past the cap now" in found["notes"][0]
    assert json.loads(atlasmix(*LINT.split(), "--no-solve", "--json").out)["resolved"] is None


def test_a_recipe_is_held_against_its_own_question(atlasmix: Run) -> None:
    atlasmix(*["solve", "--target", "cat", "--budget", "100B", "--output", "recipe.yaml"])
    done = atlasmix("lint", "recipe.yaml", "--strict")
    assert done.status == 0
    assert "recipe.yaml: 0 faults" in done.out
    assert "The best proportions are those it has." in done.out
    longer = atlasmix(*["lint", "recipe.yaml", "--budget", "200B", "--strict", "--no-solve"])
    assert longer.status == 1
    assert "cat.human.hplt-v4 would be read 8 times" in longer.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("datamix.txt", "a framework's own file needs the name of its format (--from)"),
        ("counts.json", "is neither a mixture file nor a recipe"),
        ("datamix.txt --from megatron --floor 7", "--floor is '7'"),
        ("datamix.txt --from megatron --block 0", "--block is '0'"),
        ("datamix.txt --from megatron --sequence-length many", "--sequence-length is 'many'"),
        ("datamix.txt --from megatron --budget 1T --target catalna", "did you mean"),
        ("nosuch.yaml", "no file nosuch.yaml"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_slip_is_a_sentence(atlasmix: Run, words: str, said: str) -> None:
    assert_refused(atlasmix("lint", *words.split()), said)


@pytest.mark.parametrize("columns", ["60", "80", "120"])
@pytest.mark.usefixtures("folder")
def test_it_fits_the_page(atlasmix: Run, columns: str) -> None:
    done = atlasmix(*LINT.split(), "--floor", "1%", env={"COLUMNS": columns})
    assert max(map(len, done.out.splitlines())) <= int(columns)
