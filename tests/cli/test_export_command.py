"""``atlasmix export`` as it is typed: from a solved recipe to a folder, and every refusal."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from command_line import Done, Run, assert_refused

from atlasmix.interop.exporters.exporter import all_exporters

GOLDEN = Path(__file__).parents[1] / "interop" / "exporters" / "golden"
EXPORT = ("export", "recipe.yaml", "--to")


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """A folder with a recipe and a paths file."""
    for name in ("recipe.yaml", "paths.yaml"):
        shutil.copy(GOLDEN / name, tmp_path / name)
    return tmp_path


def to_megatron(atlasmix: Run, *other: str, **options: object) -> Done:
    return atlasmix(*EXPORT, "megatron", "--paths", "paths.yaml", "-o", "out", *other, **options)


def test_a_solved_recipe_becomes_what_the_framework_loads(atlasmix: Run, tmp_path: Path) -> None:
    assert atlasmix("solve", "--target", "cat", "--output", "recipe.yaml").status == 0
    (tmp_path / "paths.yaml").write_text('"*": /data/{language}_{script}/{corpus}\n')
    done = to_megatron(atlasmix)
    assert done.status == 0, done.err
    text = (tmp_path / "out" / "data_args.txt").read_text(encoding="utf-8")
    assert text == "0.850344 /data/cat_Latn/hplt-v4\n0.149656 /data/spa_Latn/hplt-v4\n"
    assert "cat.human.hplt-v4  85.0%" in done.out
    assert "--per-split-data-args-path per_split.json" in done.out


@pytest.mark.parametrize("exporter", all_exporters(), ids=lambda one: one.name)
def test_every_framework_from_the_command_line(
    atlasmix: Run, given: Path, exporter: object
) -> None:
    name = exporter.name  # type: ignore[attr-defined]
    own = GOLDEN / f"paths-{name}.yaml"
    if own.exists():
        shutil.copy(own, given / "paths.yaml")
    done = atlasmix(*EXPORT, name, "--paths", "paths.yaml", "-o", "out")
    assert done.status == 0, done.err
    assert done.err == ""
    for path in (GOLDEN / name).iterdir():
        if path.name != "SOURCE.md":
            assert (given / "out" / path.name).read_bytes() == path.read_bytes()
    for line in done.out.splitlines():
        assert len(line) <= 80


def test_json_says_what_was_written_and_what_is_expected(atlasmix: Run, given: Path) -> None:
    done = to_megatron(atlasmix, "--json")
    found = json.loads(done.out)
    assert set(found["files"]) == set(os.listdir(given / "out"))
    assert found["expected"] == json.loads((given / "out" / "expected.json").read_text())


def test_the_list_names_every_framework_on_eighty_columns(atlasmix: Run) -> None:
    done = atlasmix("export", "--list")
    assert all(f"\n{one.name} " in done.out for one in all_exporters())
    assert "Axolotl" in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    found = json.loads(atlasmix("export", "--list", "--json").out)
    assert [one["name"] for one in found["frameworks"]] == [one.name for one in all_exporters()]
    assert set(found["refused"]) == {"axolotl", "torchtune", "litgpt", "unsloth"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "export lacks RECIPE, --to FRAMEWORK, -o FOLDER"),
        (("recipe.yaml",), "export lacks --to FRAMEWORK, -o FOLDER"),
        (("recipe.yaml", "--to", "hf"), "export lacks -o FOLDER"),
        (("recipe.yaml", "--too", "hf"), "did you mean --to"),
    ],
)
def test_misuse_is_status_2(atlasmix: Run, words: tuple[str, ...], said: str) -> None:
    assert_refused(atlasmix("export", *words), said, status=2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--to axolotl", "Axolotl has no weights"),
        ("--to torchtune -o out", "write the mixture to disk with token-budget"),
        ("--to megatorn -o out", "did you mean megatron"),
        ("--to hf -o out", "give paths in a file of lines such as"),
        ("--to hf -o out --paths none.yaml", "paths file none.yaml is not there"),
        ("--to hf -o out --paths recipe.yaml", "faults"),
        ("--to megatron -o out --paths paths.yaml --budget 1T", "times (cap 8)"),
        ("--to megatron -o out --paths paths.yaml --budget lots", "--budget is 'lots'"),
        ("--to megatron -o out --paths paths.yaml --budget 1M", "less than one step"),
        ("--to megatron -o out --paths paths.yaml --batch-size 0", "the batch size is 0"),
        ("--to megatron -o out --paths paths.yaml --batch-size -3", "--batch-size is '-3'"),
        ("--to megatron -o out --paths paths.yaml --seed x", "--seed is 'x'"),
        ("--to hf -o out --paths paths.yaml --tokens-per-document 0", "above 0"),
        (
            "--to hf -o out --paths paths.yaml --tokens-per-document fra.human.web=9",
            "fra.human.web",
        ),
        ("--to hf -o out --paths paths.yaml --tokens-per-document none.yaml", "is not there"),
        ("--to megatron -o recipe.yaml --paths paths.yaml", "cannot be written"),
        ("--to megatron -o . --paths paths.yaml", "which no export wrote"),
    ],
)
def test_a_refusal_is_a_sentence_and_writes_nothing(
    atlasmix: Run, given: Path, words: str, said: str
) -> None:
    assert_refused(atlasmix("export", "recipe.yaml", *words.split()), said)
    assert sorted(os.listdir(given)) == ["paths.yaml", "recipe.yaml"]


def test_lengths_of_documents_come_from_options_and_files(atlasmix: Run, given: Path) -> None:
    (given / "lengths.yaml").write_text('"{language}.human.{corpus}": 500\n', encoding="utf-8")
    (given / "recipe.yaml").write_text(
        (given / "recipe.yaml").read_text(encoding="utf-8").replace("name: web-2026", "name: gone"),
        encoding="utf-8",
    )
    words = (*EXPORT, "hf", "--paths", "paths.yaml", "-o", "out")
    unknown = atlasmix(*words)
    assert_refused(unknown, "nobody says how long a document of ")
    assert "cym.human.fineweb2" in unknown.err
    some = ("--tokens-per-document", "lengths.yaml")
    unknown = atlasmix(*words, *some)
    assert_refused(unknown, "nobody says how long a document of ")
    assert "nob.translated.multisynt" in unknown.err
    assert "human" not in unknown.err.partition(" is: ")[0]
    done = atlasmix(*words, *some, "--tokens-per-document", "800", "--json")
    assert done.status == 0, done.err
    pools = {one["pool"]: one for one in json.loads(done.out)["expected"]["pools"]}
    assert pools["cym.human.fineweb2"]["tokens_per_document"] == 500
    assert pools["cat.translated.multisynt"]["tokens_per_document"] == 800


def test_an_edited_export_is_kept_unless_forced(atlasmix: Run, given: Path) -> None:
    assert to_megatron(atlasmix).status == 0
    (given / "out" / "data_args.txt").write_text("mine", encoding="utf-8")
    assert_refused(to_megatron(atlasmix), "out holds data_args.txt")
    assert (given / "out" / "data_args.txt").read_text(encoding="utf-8") == "mine"
    assert to_megatron(atlasmix, "--force").status == 0
    assert to_megatron(atlasmix, "--batch-size", "512").status == 0
    assert sorted(os.listdir(given)) == ["out", "paths.yaml", "recipe.yaml"]


def test_a_disk_that_fills_up_leaves_no_folder(atlasmix: Run, given: Path) -> None:
    import resource
    import signal

    def small_disk() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))

    done = to_megatron(atlasmix, preexec_fn=small_disk, env={"PYTHONDONTWRITEBYTECODE": "1"})
    assert_refused(done, "out cannot be written (File too large)")
    assert sorted(os.listdir(given)) == ["paths.yaml", "recipe.yaml"]


@pytest.mark.parametrize("columns", ["60", "80", "120"])
def test_the_report_fits_the_page(atlasmix: Run, given: Path, columns: str) -> None:
    done = to_megatron(atlasmix, env={"COLUMNS": columns})
    prose = done.out.split("Load it")[0] + done.out.split("Notes")[1]
    assert max(map(len, prose.splitlines())) <= int(columns)
