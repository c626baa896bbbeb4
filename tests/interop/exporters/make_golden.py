"""Write the golden files anew: ``PYTHONPATH=. python tests/interop/exporters/make_golden.py``.

With ``recipe`` behind it the golden recipe itself is solved anew first, which changes every file.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from typing import Any

from export_samples import BY_NAME, GOLDEN, NAMES, golden_export

QUESTION: dict[str, Any] = {
    "targets": "cat,cym,nob",
    "matrix": "atlas-2025",
    "budget": "20B",
    "pools": {"provenance": ["human", "translated"], "language": ["cat", "cym", "nob"]},
    "max_epochs": {"default": 4, "cym": 8},
    "min": {"provenance:translated": "20%"},
}
"""Five pools in three languages, two provenances, and Welsh at a cap of its own."""

_HOW = {
    "executed": "The real package reads such files in tests/frameworks.",
    "by hand": "Executed by hand on that day; nothing in CI executes it.",
    "read": "Nothing in this project has executed it.",
    "own": "A format of this project.",
}


def golden_files(name: str) -> dict[str, str]:
    """An exporter's own files, and where its format comes from."""
    checked = BY_NAME[name].checked
    source = f"Format: {checked.source}. Last read on {checked.date}. {_HOW[checked.how]}"
    page = "\n".join(textwrap.wrap(source, 96, break_long_words=False, break_on_hyphens=False))
    return {**golden_export(name).export.files, "SOURCE.md": page + "\n"}


def golden_recipe_text() -> str:
    """The answer to :data:`QUESTION`, with the baselines that ``solve`` records."""
    from atlasmix.evidence.store import Store
    from atlasmix.mixture.comparison import compare
    from atlasmix.mixture.solve import solve
    from atlasmix.problem.parsing import problem_from_mapping
    from atlasmix.recipe.file import dump_recipe
    from atlasmix.recipe.recipe import make_recipe

    problem = problem_from_mapping(QUESTION, Store("/nonexistent"))
    return dump_recipe(make_recipe(problem, solve(problem), compare(problem)))


if __name__ == "__main__":
    if "recipe" in sys.argv[1:]:
        (GOLDEN / "recipe.yaml").write_text(golden_recipe_text(), encoding="utf-8")
    for name in NAMES:
        shutil.rmtree(GOLDEN / name, ignore_errors=True)
        (GOLDEN / name).mkdir()
        for path, text in golden_files(name).items():
            (GOLDEN / name / path).write_text(text, encoding="utf-8")
