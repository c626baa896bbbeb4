"""The house keeps its shape: imports run one way, deferred ones too, heavy libraries are fenced."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import atlasmix
from atlasmix.io.shipped import explorer_script

PACKAGE = Path(atlasmix.__file__).parent
# Each may import those before it, and itself.
ORDER = [
    "version",
    "errors",
    "quantities",
    "text",
    "processes",
    "io",
    "languages",
    "evidence",
    "laws",
    "transfer",
    "fitting",
    "problem",
    "solver",
    "mixture",
    "recipe",
    "interop",
    "audit",
    "report",
    "api",
    "cli",
]
FENCES = {
    "cvxpy": {"solver/conic.py"},
    "fsspec": {"evidence/places.py"},
    "distributed": {"processes.py"},
    "fastwarc": {"audit/corpus/records.py"},
    "icu4py": {"audit/corpus/doors.py"},
    "joblib": {"audit/corpus/engines.py", "processes.py"},
    "jsonschema": set(),
    "openpyxl": {"io/tables.py"},
    "platformdirs": {"evidence/store.py"},
    "plotly": {"report/figures"},
    "py3langid": {"audit/corpus/doors.py"},
    "pycld2": {"audit/corpus/doors.py"},
    "rensa": {"audit/corpus/near.py"},
    "streamlit": set(),
    "tokenizers": {"audit/corpus/doors.py"},
    "zstandard": {"audit/corpus/records.py"},
}
SLOW = {
    "cvxpy",
    "distributed",
    "fastwarc",
    "fsspec",
    "joblib",
    "jsonschema",
    "pandas",
    "openpyxl",
    "platformdirs",
    "plotly",
    "py3langid",
    "pyarrow",
    "pycld2",
    "rensa",
    "scipy",
    "streamlit",
    "tokenizers",
    "zstandard",
}

# The wheel carries the explorer inside the package; its own tests hold it to its own rules.
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if "_apps" not in path.parts)

APP = explorer_script().parent
APP_SOURCES = sorted(APP.rglob("*.py"))
# Words that could stand for anything, or for something else in this field.
NOT_NOUNS = {
    "asked",
    "asking",
    "crew",
    "difference_given",
    "found",
    "given_recipe",
    "movement",
    "one",
    "plain",
    "showing",
    "strip",
    "tray",
}

MODULES = {
    "atlasmix." + path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".")
    for path in SOURCES
}


def imported(path, top_level_only=False):
    """Modules that a file imports: a name of a package that is a module counts as that module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = ast.walk(tree) if not top_level_only else _at_import(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            for alias in node.names:
                inside = f"{node.module}.{alias.name}"
                yield inside if inside in MODULES else node.module


def _at_import(tree):
    """Statements that run when the module is imported, type-checking blocks left out."""
    queue = list(tree.body)
    while queue:
        node = queue.pop()
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.If | ast.Try):
            queue += node.body


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_run_one_way(path):
    place = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if place not in ORDER:
        return  # the face and __main__
    for module in imported(path):
        parts = module.split(".")
        if parts[0] == "atlasmix" and len(parts) > 1:
            assert ORDER.index(parts[1]) <= ORDER.index(place), f"{place} imports {module}"


def test_heavy_libraries_are_fenced():
    for path in SOURCES:
        name = path.relative_to(PACKAGE).as_posix()
        for module in imported(path):
            allowed = FENCES.get(module.split(".")[0])
            inside = allowed is None or any(name.startswith(fence) for fence in allowed)
            assert inside, f"{name} imports {module}, which belongs in {allowed}"


def test_slow_libraries_are_imported_where_they_are_used():
    for path in SOURCES:
        for module in imported(path, top_level_only=True):
            assert module.split(".")[0] not in SLOW, f"{path.name} imports {module} at its top"


def test_no_import_circle():
    """Deferred imports included: a circle that starts with one is a circle."""
    edges = {
        "atlasmix." + path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", "."): {
            module for module in imported(path) if module in MODULES
        }
        for path in SOURCES
    }
    done: set[str] = set()

    def visit(name, trail):
        assert name not in trail, f"circle: {' -> '.join([*trail, name])}"
        if name not in done:
            for other in edges[name] - {name}:
                visit(other, [*trail, name])
            done.add(name)

    for name in edges:
        visit(name, [])


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_function_is_read_on_one_screen(path):
    """A longer one usually hides a second noun; files may be as long as their noun."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            doc = ast.get_docstring(node) or ""
            assert length - len(doc.splitlines()) <= 62, f"{path.name}: {node.name} has {length}"


def test_every_file_says_what_it_is_for():
    for path in SOURCES:
        doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        assert doc, f"{path} has no first line"
        assert len(doc.splitlines()[0]) > 20, path


def identifiers(tree):
    """What a file names itself, with the line: classes, functions, arguments, what is assigned."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.arg(arg=name):
                yield name, node.lineno
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name, node.lineno
            case ast.alias(asname=str(name)) | ast.ExceptHandler(name=str(name)):
                yield name, node.lineno
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name, node.lineno


def is_noun(name):
    return name.strip("_").lower() not in NOT_NOUNS


@pytest.mark.parametrize("path", [*SOURCES, *APP_SOURCES], ids=lambda p: "/".join(p.parts[-3:]))
def test_names_are_nouns_of_the_field(path):
    assert is_noun(path.stem), f"{path} has a name that says nothing: give it a noun of the field"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    empty = [f"line {line}: {name}" for name, line in identifiers(tree) if not is_noun(name)]
    assert empty == [], f"{path.name}: say what these hold"


@pytest.mark.parametrize(
    "code",
    [
        "class _Found: pass",
        "def plain(): pass",
        "def told(*, asked): pass",
        "key = lambda one: one",
        "for one in rows: pass",
        "sizes = [one for one in rows]",
        "_ASKED: int = 1",
        "self._found = []",
        "import pathlib as tray",
        "with rows as strip: pass",
        "if (crew := rows): pass",
    ],
)
def test_no_name_escapes(code):
    assert not all(is_noun(name) for name, _ in identifiers(ast.parse(code)))


def test_the_face_is_small_and_whole():
    assert len(atlasmix.__all__) <= 36
    for name in atlasmix.__all__:
        assert getattr(atlasmix, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = atlasmix.nonsense


def test_solving_the_main_job_needs_no_slow_library(tmp_path):
    # On one core: on more, a machine so busy that draws take seconds starts processes for them.
    code = (
        "import os, sys; from atlasmix.cli.main import run; "
        "cores = getattr(os, 'sched_getaffinity', lambda _: ())(0); "
        "cores and os.sched_setaffinity(0, {min(cores)}); "
        "run(['solve', '--target', 'cat']); "
        f"print(sorted(set(sys.modules) & {SLOW!r}), file=sys.stderr)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert run.stderr.strip().splitlines()[-1] == "[]"
