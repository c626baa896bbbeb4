"""The pages that scripts write are what the scripts would write today."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["make_cli", "make_python", "make_llms"])
def test_a_written_page_is_fresh(name: str) -> None:
    maker = script(name)
    written = maker.PAGE.read_text(encoding="utf-8")
    assert maker.page() == written, f"run: python docs/{name}.py"


def test_every_public_name_has_an_entry_and_a_sentence() -> None:
    import atlasmix

    page = script("make_python").page()
    for name in atlasmix.__all__:
        assert f"\n### `{name}`\n" in page
        row = next(line for line in page.splitlines() if line.startswith(f"| [`{name}`]"))
        assert len(row.split(" | ")[1].rstrip(" |")) > 10, name


def test_the_sections_of_a_docstring_become_lists() -> None:
    text = """What it gives.

    More in ``words`` of :class:`~atlasmix.problem.problem.Target`.

    Args:
        budget: most tokens,
            repeats included.
        *names: languages.

    Raises:
        ProblemError: a budget of 0.

    >>> 1 + 1
    2
    """
    maker = script("make_python")
    assert maker._markdown(maker.inspect.cleandoc(text)) == (
        "What it gives.\n\nMore in `words` of `Target`.\n\n"
        "**Args**\n\n- `budget`: most tokens, repeats included.\n- `*names`: languages.\n\n"
        "**Raises**\n\n- `ProblemError`: a budget of 0.\n\n"
        "```pycon\n>>> 1 + 1\n2\n```\n"
    )


def test_a_formula_becomes_text() -> None:
    maker = script("make_python")
    assert maker._prose(r"So :math:`\sum_{p \in S} x_p \ge s`.") == "So Σ_(p ∈ S) x_p ≥ s."
    shown = maker.PAGE.read_text(encoding="utf-8").replace("\\|", "")
    assert "\\" not in re.sub(r"```pycon.*?```", "", shown, flags=re.DOTALL), "LaTeX is left"


def test_a_long_signature_takes_a_line_an_argument() -> None:
    def solve_with_many_words(problem: str, *, engine: str = "", store: object = None) -> int:
        return len(problem + engine + str(store))

    maker = script("make_python")
    assert maker._signature("solve", solve_with_many_words) == (
        "solve(problem: str, *, engine: str = '', store: object = None) -> int"
    )
    assert maker._signature("s" * 60, solve_with_many_words) == (
        f"{'s' * 60}(\n    problem: str,\n    *,\n    engine: str = '',\n"
        "    store: object = None,\n) -> int"
    )
