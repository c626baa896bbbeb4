"""Options have their words in ``cli/`` alone: the library speaks of arguments and keys."""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import atlasmix
from atlasmix.cli.main import COMMANDS, MODULES
from atlasmix.cli.parsing import OPTIONS, Parser, option_of
from atlasmix.io.shipped import explorer_script
from atlasmix.problem.parsing import QUESTION_KEYS

PACKAGE = Path(atlasmix.__file__).parent
EXPLORER = explorer_script().parent  # inside the package where a wheel was installed
SOURCES = sorted(
    path
    for path in {*PACKAGE.rglob("*.py"), *EXPLORER.rglob("*.py")}
    if path.parent != PACKAGE / "cli"
)
OF_OTHERS = {
    "interop/exporters/exporter.py": {"--seed"},
    "interop/exporters/megatron.py": {"--seed"},
    "interop/exporters/ms_swift.py": {"--seed"},
}
"""Options of other tools that have the words of ours: a command that loads what was exported."""
WRITES_THE_COMMAND = "problem/command.py"
"""The app and reports show the command that asks a question again; this file writes it."""
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*(?![\w=]*_)|(?<![\w-])--(?=\{)")


def parsers() -> Iterator[Parser]:
    for name, summary in COMMANDS.items():
        command = import_module(f"atlasmix.cli.{MODULES.get(name, name)}")
        parser = Parser(f"atlasmix {name}", summary, command.EXAMPLE)
        command.add_arguments(parser)
        yield parser
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                yield from action.choices.values()


OURS = {word for parser in parsers() for word in parser.option_words if word.startswith("--")}
DESTINATIONS = {action.dest for parser in parsers() for action in parser._actions}


def place_of(path: Path) -> str:
    return path.relative_to(EXPLORER if EXPLORER in path.parents else PACKAGE).as_posix()


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every text of a file, docstrings too; what an f-string fills in is written ``{}``."""
    inside = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inside.update(map(id, node.values))
            parts = [
                str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
            ]
            yield node.lineno, "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from [] if id(node) in inside else [(node.lineno, node.value)]


def flags_in(source: str) -> Iterator[tuple[int, str]]:
    for line, text in sorted(texts(ast.parse(source))):
        for option in _OPTION.findall(text):
            if option == "--" or option in OURS:
                yield line, option


@pytest.mark.parametrize("path", SOURCES, ids=place_of)
def test_no_option_of_the_command_line_stands_outside_it(path: Path) -> None:
    place = place_of(path)
    if place == WRITES_THE_COMMAND:
        return
    allowed = OF_OTHERS.get(place, set())
    found = [
        f"line {line}: {option}"
        for line, option in flags_in(path.read_text(encoding="utf-8"))
        if option not in allowed
    ]
    assert not found, f"{place}: {', '.join(found)}: name the field, and let cli/parsing.py do it"


def test_the_test_finds_options_wherever_they_stand() -> None:
    source = '''
"""About --budget."""
raise ValueError(f"choose {a}, or another --matrix")
name = f"--{key}"
other = "swift --dataset x --train-iters"
'''
    assert [option for _, option in flags_in(source)] == ["--budget", "--matrix", "--"]
    assert {"--max-epochs", "--lambda", "--interference", "--from", "--json", "--name"} <= OURS


@pytest.mark.parametrize("place", [*OF_OTHERS, WRITES_THE_COMMAND])
def test_what_is_let_through_is_still_there(place: str) -> None:
    source = (PACKAGE / place).read_text(encoding="utf-8")
    assert OF_OTHERS.get(place, {"--budget"}) <= {option for _, option in flags_in(source)}


def fields_named() -> Iterator[tuple[str, str]]:
    """(place, field) of every error that names its field."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if "_apps" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            named = [word.value for word in node.keywords if word.arg == "field"]
            if isinstance(node.func, ast.Name) and node.func.id == "about":
                named += node.args[:1]
            for value in named:
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield f"{path.relative_to(PACKAGE)}:{node.lineno}", value.value


def arguments() -> set[str]:
    """Parameters of the library's public functions."""
    found: set[str] = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                found.update(word.arg for word in [*node.args.args, *node.args.kwonlyargs])
    return found


def test_every_field_is_a_key_of_a_question_or_an_argument() -> None:
    known = {*QUESTION_KEYS, *DESTINATIONS, *arguments()}
    named = list(fields_named())
    assert len(named) > 80
    strange = [f"{place} {field}" for place, field in named if field not in known]
    assert not strange


def test_every_key_of_a_question_has_its_option() -> None:
    without = {key for key in QUESTION_KEYS if option_of(key) not in OURS}
    assert without == set()
    assert all(option in OURS for option in OPTIONS.values())
