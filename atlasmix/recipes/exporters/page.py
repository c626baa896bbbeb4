"""``LOAD.md``: what lies in an export's folder and how the framework is told to read it."""

from __future__ import annotations

from typing import Any, Final

from atlasmix.recipes.exporters.exporter import Export, Exporter

PAGE: Final = "LOAD.md"

_COUNTS: Final = {
    "tokens": "Weights are shares of training tokens.",
    "documents": "Weights are shares of documents, made from shares of training tokens and the "
    "mean tokens per document of each pool.",
    "epochs": "Numbers are passes over each pool.",
}
_CHECKED: Final = {
    "executed": "Format executed in this project's tests",
    "by hand": "Format executed by hand with the real package, in no test that CI runs",
    "read": "Format read from source and not executed by this project",
    "own": "Format of this project",
}


def page(exporter: Exporter, export: Export, figures: dict[str, Any]) -> str:
    """The page, in Markdown.

    Args:
        exporter: the framework.
        export: its files and how they are loaded.
        figures: what ``expected.json`` holds.
    """
    run = figures["run"]
    lines = [
        f"# A mixture for {exporter.title}",
        "",
        f"{_COUNTS[exporter.unit]} Tokens are counted as: {'; '.join(figures['tokens_are'])}. "
        "A framework counts the tokens of its own tokenizer: with another one the same weights are "
        "other amounts of text, and other epochs.",
        "",
        f"The run: {run['tokens']:,} tokens in {run['steps']:,} steps of {run['batch_size']:,} "
        f"sequences of {run['sequence_length']:,}. `expected.json` says what should have been read "
        "of each pool at its end.",
        "",
        "```",
        export.load,
        "```",
        "",
        *(f"- {note}" for note in export.notes),
        "",
        f"{_CHECKED[exporter.checked.how]}: {exporter.checked.source} ({exporter.checked.date}).",
        "",
    ]
    return "\n".join(lines)
