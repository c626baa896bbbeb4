"""Write the golden files anew: ``PYTHONPATH=. python tests/recipes/exporters/make_golden.py``."""

from __future__ import annotations

import shutil
import textwrap

from export_samples import BY_NAME, GOLDEN, NAMES, golden_export

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


if __name__ == "__main__":
    for name in NAMES:
        shutil.rmtree(GOLDEN / name, ignore_errors=True)
        (GOLDEN / name).mkdir()
        for path, text in golden_files(name).items():
            (GOLDEN / name / path).write_text(text, encoding="utf-8")
