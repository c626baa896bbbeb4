"""``atlasmix import`` through the real command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Run, assert_refused

MIX = "0.5 hplt-3.0/megatron-lm/cat_Latn\n0.3 hplt-3.0/megatron-lm/nob_Latn\n0.2 starcoder/code\n"
MAPPING = """\
rules:
  - {match: "hplt-3.0/{language}_{script}", provenance: human, corpus: hplt-v3}
  - {match: "starcoder/**", other: code}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "datamix.txt").write_text(MIX)
    (tmp_path / "map.yaml").write_text(MAPPING)
    (tmp_path / "counts.csv").write_text("prefix,tokens\nhplt-3.0/cat_Latn,21000000000\n")
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_it_writes_a_mixture_that_the_others_take(atlasmix: Run) -> None:
    done = atlasmix(
        *[
            "import",
            "datamix.txt",
            "--from",
            "megatron",
            "--mapping",
            "map.yaml",
            "--counts",
            "counts.csv",
        ],
        *["--budget", "1T", "-o", "mixture.yaml"],
    )
    assert (done.status, done.err) == (0, "")
    assert "2 pools of 2 languages (80.0% of the tokens), 1 other source" in done.out
    assert "Written to mixture.yaml." in done.out
    assert "no count for 2 entries" in done.out
    first = (done.folder / "mixture.yaml").read_bytes()
    again = atlasmix(
        *[
            "import",
            "datamix.txt",
            "--from",
            "megatron",
            "--mapping",
            "map.yaml",
            "--counts",
            "counts.csv",
        ],
        *["--budget", "1T", "-o", "-"],
    )
    assert again.out.encode() == first
    recipe = atlasmix(*["solve", "--target", "cat", "--budget", "50B", "--output", "recipe.yaml"])
    assert recipe.status == 0
    compared = atlasmix("compare", "recipe.yaml", "mixture.yaml")
    assert compared.status == 0
    assert "Norwegian Bokmål (nob)" in compared.out
    assert "B is judged by its language shares" in compared.out
    railed = atlasmix(*["solve", "--target", "cat", "--guardrail", "nob=5%:mixture.yaml", "--json"])
    assert railed.status == 0, railed.err
    other = atlasmix(*["solve", "--target", "cat", "--compare-with", "mixture.yaml"])
    assert "as imported: 80% of it has pools here" in " ".join(other.out.split())


@pytest.mark.usefixtures("folder")
def test_json_and_no_output(atlasmix: Run) -> None:
    done = atlasmix(*["import", "datamix.txt", "--from", "megatron", "--json"])
    content = json.loads(done.out)
    assert content["proportions"] == {"cat": 0.5, "nob": 0.3}
    assert [one["name"] for one in content["other"]] == ["starcoder/code"]
    said = atlasmix(*["import", "datamix.txt", "--from", "megatron"])
    assert "Nothing was written: -o FILE writes the mixture." in said.out
    assert list(said.folder.glob("*.yaml")) == [said.folder / "map.yaml"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("datamix.txt", "--from is missing: say which framework"),
        ("datamix.txt --from megatorn", "did you mean megatron?"),
        ("nosuch.txt --from megatron", "no file nosuch.txt"),
        ("datamix.txt --from olmo-core", "has no list of sources"),
        ("datamix.txt --from megatron --mapping nosuch.yaml", "no file nosuch.yaml"),
        ("datamix.txt --from megatron --pattern {lang}", "has the placeholder {lang}"),
        ("datamix.txt --from megatron --provenance humane", "did you mean human"),
        ("datamix.txt --from megatron --budget lots", "--budget is 'lots'"),
        ("datamix.txt --from megatron --inventory nosuch", "no inventory 'nosuch'"),
        ("datamix.txt --from megatron --counts nosuch", "no file nosuch"),
        ("datamix.txt --from megatron -o nosuch/x.yaml", "cannot be written"),
        (". --from megatron", "is no plain file"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_slip_is_a_sentence(atlasmix: Run, words: str, said: str) -> None:
    assert_refused(atlasmix("import", *words.split()), said)


@pytest.mark.usefixtures("folder")
def test_faults_come_with_their_lines(atlasmix: Run) -> None:
    (atlasmix("--version").folder / "bad.txt").write_text("1 a/cat_Latn\n0 a/spa_Latn\nx y\n")
    done = atlasmix(*["import", "bad.txt", "--from", "megatron"])
    assert done.status == 1
    assert "  - line 2: weight 0" in done.err
    assert "  - line 3: 'x' stands where a weight should" in done.err


@pytest.mark.parametrize("columns", ["40", "80", "120"])
@pytest.mark.usefixtures("folder")
def test_it_fits_the_page(atlasmix: Run, columns: str) -> None:
    done = atlasmix(
        *["import", "datamix.txt", "--from", "megatron", "--mapping", "map.yaml"],
        env={"COLUMNS": columns},
    )
    assert max(map(len, done.out.splitlines())) <= int(columns)
