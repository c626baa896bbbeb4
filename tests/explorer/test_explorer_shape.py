"""The app only shows: no arithmetic, no plotting, no markup from strangers."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from explorer import runs_form, uploads

from atlasmix.io.shipped import explorer_script
from atlasmix.report.figures import drawing as palette

HOME = explorer_script().parent
SOURCES = sorted(HOME.rglob("*.py"))
# Time limits and pipes are not figures.
MECHANICS = {"workers.py", "frames.py", "links.py", "packing.py", "worker.py", "answers.py"}
MECHANICS |= {"memory.py", "lanes.py"}
# The one script of ours is a whole file.
SCRIPT = 'st.html(HERE.joinpath("sidebar.html"), unsafe_allow_javascript=True)'
SERIALISERS = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}


def nodes(path, *kinds):
    return [
        one
        for one in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(one, kinds)
    ]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_arithmetic(path):
    if path.name in MECHANICS:
        return
    sums = [
        ast.unparse(one)
        for one in nodes(path, ast.BinOp)
        if isinstance(one.op, ast.Add | ast.Sub | ast.Mult | ast.Div | ast.Pow | ast.Mod)
    ]
    assert sums == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_the_library_calculates_and_draws(path):
    found = {
        (alias.name if isinstance(one, ast.Import) else one.module or "").split(".")[0]
        for one in nodes(path, ast.Import, ast.ImportFrom)
        for alias in one.names
    }
    found -= {"numpy"} if path.name == "packing.py" else set()  # arrays as bytes, no sums
    assert not found & {"numpy", "scipy", "pandas", "plotly", "cvxpy", "yaml"}
    assert not found & SERIALISERS, "nothing is ever unpickled"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_files_stay_small_and_say_what_they_are_for(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    assert "unsafe_allow" not in (text.replace(SCRIPT, "", 1) if path.name == "main.py" else text)
    assert "st.write(" not in text, "what Markdown makes of it is not said"
    if path.name != "__init__.py" or text:
        assert ast.get_docstring(ast.parse(text))
    for one in nodes(path, ast.FunctionDef):
        assert one.end_lineno - one.lineno <= 62, one.name


def test_html_is_written_in_one_place_and_escaped_there():
    writers = {path.name for path in SOURCES if "st.html(" in path.read_text(encoding="utf-8")}
    assert writers <= {"main.py", "display.py"}
    text = (HOME / "explorer" / "display.py").read_text(encoding="utf-8")
    pieces = re.findall(r"<t[dh][^>]*>\{([^}]*)\}", text)
    assert pieces
    assert all("html.escape" in piece for piece in pieces)


def test_the_strip_has_the_colours_of_the_figures():
    text = (HOME / "explorer.css").read_text(encoding="utf-8")
    found = dict(re.findall(r":is\([^)]*\) \.(\w+) \{ background: (#\w+); \}", text))
    assert found == {**palette.ROLES, "rest": palette.GREY}
    branches = re.findall(r"\.kin-\d \{ background: (#\w+); \}", text)
    assert tuple(branches) == palette.KIN


def test_no_letter_of_the_style_is_taken_for_markup():
    """A '<length>' in it had all of it thrown away: what might be a tag in a style is not safe."""
    assert "<" not in (HOME / "explorer.css").read_text(encoding="utf-8")


def test_the_explorer_is_found_by_one_function():
    assert (HOME / ".streamlit" / "config.toml").is_file()
    assert (HOME / "worker.py").is_file()


@pytest.mark.parametrize("lacking", ["streamlit", "plotly", "openpyxl"])
def test_exploring_without_a_package_is_refused_in_a_sentence(tmp_path, lacking):
    code = (
        "import importlib.util as util, sys; found = util.find_spec; "
        f"util.find_spec = lambda name, *a: None if name == {lacking!r} else found(name, *a); "
        "from atlasmix.cli.main import run; sys.exit(run(['explore']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == (
        f"atlasmix: the explorer needs {lacking}, not installed here: "
        "pip install 'atlasmix[explorer]'\n"
    )


def test_the_extra_brings_a_reader_of_every_ending_that_a_page_offers():
    """A page that takes a workbook while its extra brings no reader of one refuses it."""
    project = Path(__file__).parents[2] / "pyproject.toml"  # the package may be installed
    whole = tomllib.loads(project.read_text(encoding="utf-8"))
    extras = whole["project"]["optional-dependencies"]
    wanted = " ".join(extras["explorer"])
    brought = {"xlsx": "excel", "parquet": "parquet"}
    plain = {"csv", "jsonl", "ndjson", "yaml", "yml", "json"}
    offered = {*uploads.ENDINGS, *runs_form.ENDINGS} - plain
    assert offered == brought.keys()
    assert all(extra in wanted for extra in brought.values()), wanted


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--port", "x"], "--port is 'x': expected a whole number from 1 to 65535"),
        (["--port", "70000"], "expected a whole number from 1 to 65535"),
        (["--workers", "1.5"], "--workers is '1.5': expected a whole number from 1 to 64"),
        (["--time-limit", "nan"], "--time-limit is 'nan': expected a number from 0.1 to 3600"),
    ],
)
def test_bad_options_are_refused_before_a_server_starts(words, sentence, tmp_path):
    command = [sys.executable, "-m", "atlasmix", "explore", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
