"""Every code block of the README and of docs/ is run, or says above itself why it is not.

A block says in comments above its fence what it is for, and nobody sees them on the page:

    <!-- file: NAME -->        the block is written to NAME, for the commands below it
    <!-- read as: KIND -->     the block is what a reader of AtlasMix takes, see READERS
    <!-- shows: output -->     the text is part of what the block above it printed
    <!-- shows: PATH -->       the text is all of a file that was written
    <!-- exits: CODE -->       the commands end with this status
    <!-- fit: OPTIONS -->      options that make every ``atlasmix fit`` of the block quick
    <!-- not run: REASON -->   the block is left out, and NOT_RUN counts it

The blocks of a page share one folder that lies elsewhere, with the files of ``tests/docs/files``,
a recipe and an imported mixture in it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from atlasmix.evidence.store import Store
from atlasmix.interop.exporters.paths import read_paths
from atlasmix.problem.parsing import problem_from_mapping

ROOT = Path(__file__).parents[2]
FILES = Path(__file__).with_name("files")
# Written by scripts, and held to what they write by tests of their own; the examples in the
# Python reference are the doctests.
WRITTEN = {ROOT / "docs" / "reference" / name for name in ("cli.md", "python.md")}
PAGES = [ROOT / "README.md", *sorted({*(ROOT / "docs").rglob("*.md")} - WRITTEN)]
NOT_RUN = 10
KINDS = {"sh", "python", "yaml", "csv", "text", "formula"}
MARKS = {"file", "read as", "shows", "exits", "fit", "not run", "command"}


@dataclass(frozen=True)
class Block:
    """One fenced block and the marks above it."""

    line: int
    kind: str
    text: str
    marks: dict[str, str]

    @property
    def runs(self) -> bool:
        """Whether something is done with it."""
        return "not run" not in self.marks and self.kind != "formula"


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in their order."""
    listed, marks, kind, lines = [], {}, None, []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if kind is not None and line != "```":
            lines.append(line)
        elif kind is not None:
            listed.append(Block(number - len(lines) - 1, kind, "\n".join([*lines, ""]), marks))
            kind, lines, marks = None, [], {}
        elif line.startswith("```"):
            kind = line.removeprefix("```")
        elif mark := re.fullmatch(r"<!-- ([a-z ]+): (.+) -->", line):
            marks[mark[1]] = mark[2]
        else:
            marks = {}
    assert kind is None, f"{page}: a block without an end"
    return listed


BLOCKS = {str(page.relative_to(ROOT)): blocks(page) for page in PAGES}


def read_paths_file(text: str, folder: Path) -> None:
    """Where pools lie, for an export."""
    path = folder / "read-paths.yaml"
    path.write_text(text, encoding="utf-8")
    read_paths(path)


def read_problem(text: str, folder: Path) -> None:
    """A question."""
    problem_from_mapping(yaml.safe_load(text), Store(str(folder / "store")))


READERS: dict[str, Callable[[str, Path], None]] = {
    "paths": read_paths_file,
    "problem": read_problem,
}


def environment(folder: Path) -> dict[str, str]:
    """Commands of this very AtlasMix, and a pip that does nothing: .ci/run installs for real."""
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    for name, does in (
        ("atlasmix", f'exec "{sys.executable}" -m atlasmix "$@"'),
        ("python", f'exec "{sys.executable}" "$@"'),
        ("pip", "true"),
    ):
        (programs / name).write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
        "ATLASMIX_STORE": str(folder / "store"),
        "COLUMNS": "80",
        "NO_COLOR": "1",
    }


def run(command: list[str], folder: Path, status: int = 0) -> str:
    """What a command prints; it must end with ``status``."""
    done = subprocess.run(
        command, cwd=folder, env=environment(folder), capture_output=True, text=True, check=False
    )
    assert done.returncode == status, f"{command[-1]}\n{done.stdout[-2000:]}\n{done.stderr}"
    return "\n".join(line.rstrip() for line in done.stdout.splitlines())


def shell(block: Block, folder: Path) -> str:
    """A block of commands, each of which must go well."""
    text = block.text
    if options := block.marks.get("fit"):
        text = re.sub(r"^(atlasmix fit .*)$", rf"\1 {options}", text, flags=re.MULTILINE)
    return run(["bash", "-euo", "pipefail", "-c", text], folder, int(block.marks.get("exits", 0)))


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a reader has it: own files, a recipe, an imported mixture, data of a clone."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copytree(FILES, folder, dirs_exist_ok=True)
    for block in BLOCKS["docs/guides/import.md"]:
        if block.marks.get("file") == "map.yaml":
            (folder / "map.yaml").write_text(block.text, encoding="utf-8")
    run(["atlasmix", "solve", "--target", "cat", "--output", "recipe.yaml"], folder)
    words = "atlasmix import datamix.txt --from megatron --mapping map.yaml --counts counts"
    run([*words.split(), "--budget", "10T", "-o", "mixture.yaml"], folder)
    return folder


@pytest.mark.parametrize(
    "page", [page for page, members in BLOCKS.items() if any(block.runs for block in members)]
)
def test_the_blocks_of_a_page(page: str, desk: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    shutil.copytree(desk, folder)
    (folder / "data").symlink_to(ROOT / "data")
    printed = ""
    for block in BLOCKS[page]:
        if not block.runs:
            continue
        where = f"{page}:{block.line}"
        if name := block.marks.get("file"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(block.text, encoding="utf-8")
        elif kind := block.marks.get("read as"):
            READERS[kind](block.text, folder)
        elif shown := block.marks.get("shows"):
            if shown == "output":
                assert block.text.rstrip("\n") in printed, f"{where} is not what is printed"
            else:
                assert block.text == (folder / shown).read_text(encoding="utf-8"), where
        elif block.kind == "sh":
            printed = shell(block, folder)
        elif block.kind == "python":
            printed = run([sys.executable, "-c", block.text], folder)
        else:
            pytest.fail(f"{where}: nothing says what this {block.kind} is for")


def test_marks_belong_to_the_block_right_below_them(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- file: lost -->\n\n"
        "<!-- shows: output -->\n<!-- exits: 1 -->\n```text\na\nb\n```\n```sh\nfalse\n```\n"
    )
    assert blocks(page) == [
        Block(5, "text", "a\nb\n", {"shows": "output", "exits": "1"}),
        Block(9, "sh", "false\n", {}),
    ]


def test_a_command_that_fails_is_told(tmp_path: Path) -> None:
    block = Block(1, "sh", "atlasmix languages catalan\nfalse\ntrue\n", {})
    with pytest.raises(AssertionError, match="atlasmix languages catalan"):
        shell(block, tmp_path)
    assert "cat" in shell(Block(1, "sh", "atlasmix languages catalan\n", {}), tmp_path)


def test_every_block_is_of_a_known_kind() -> None:
    for page, members in BLOCKS.items():
        for block in members:
            where = f"{page}:{block.line}"
            assert block.kind in KINDS, f"{where}: {block.kind or 'no kind'}, expected {KINDS}"
            assert set(block.marks) <= MARKS, f"{where}: {set(block.marks) - MARKS}"
            if block.kind in {"yaml", "csv", "text"}:
                assert {"file", "read as", "shows", "not run"} & set(block.marks), where


def test_blocks_that_are_not_run_are_counted() -> None:
    reasons = [
        f"{page}: {block.marks['not run']}"
        for page, members in BLOCKS.items()
        for block in members
        if "not run" in block.marks
    ]
    assert all(len(reason.split()) >= 5 for reason in reasons)
    assert len(reasons) == NOT_RUN, "\n".join(reasons)


def test_no_code_stands_outside_a_fence() -> None:
    """An indented block is code to a reader and invisible to the tests above."""
    for page in PAGES:
        fenced, before = False, ""
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
            fenced ^= line.startswith("```")
            code = line.startswith("    ") and not before.strip() and not fenced
            assert not code, f"{page}:{number}"
            before = line
