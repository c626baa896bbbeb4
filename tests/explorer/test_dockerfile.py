"""The image, as far as it can be held to something without an engine that builds it."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from atlasmix.cli import explore
from atlasmix.cli.parsing import Parser

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
LINES = [line.split(None, 1) for line in TEXT.splitlines() if line and line[0] not in "# "]


def told(word):
    return [rest for name, rest in LINES if name == word]


def test_what_is_copied_is_there_and_not_ignored():
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"}
    copied = {name for line in told("COPY") if "--from" not in line for name in line.split()[:-1]}
    assert copied
    assert all((ROOT / name).exists() for name in copied)
    assert copied == kept
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    shipped = wanted["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert {name.split("/")[0] for name in shipped} <= copied


def test_the_extras_are_those_of_the_project():
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (extras,) = re.findall(r'"\.\[([\w,]+)\]"', TEXT)
    assert "explorer" in extras.split(",")
    assert set(extras.split(",")) <= set(wanted["optional-dependencies"])


def test_only_the_minor_of_python_is_pinned_and_nobody_is_root():
    assert {line.split()[0] for line in told("FROM")} == {"python:3.12-slim"}
    assert told("USER") == ["10001"]
    after = [name for name, _ in LINES]
    assert after.index("USER") > max(n for n, name in enumerate(after) if name == "RUN")


def test_the_command_is_one_that_the_command_line_takes():
    (words,) = map(json.loads, told("ENTRYPOINT"))
    assert words[:2] == ["atlasmix", "explore"]
    parser = Parser("atlasmix explore", "summary", "example")
    explore.add_arguments(parser)
    options = parser.parse_args(words[2:])
    assert (options.address, options.port) == ("0.0.0.0", *told("EXPOSE"))


@pytest.mark.parametrize(("path", "healthy"), [("", True), ("elsewhere", False)])
def test_the_health_check_tells_a_server_that_answers_from_one_that_does_not(server, path, healthy):
    (check,) = told("HEALTHCHECK")
    words = json.loads(check.split("CMD", 1)[1])
    (port,) = told("EXPOSE")
    code = words[2].replace(f"http://127.0.0.1:{port}", server)
    assert code != words[2]
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"STREAMLIT_SERVER_BASE_URL_PATH": path},
        capture_output=True,
        check=False,
    )
    assert (done.returncode == 0) is healthy
