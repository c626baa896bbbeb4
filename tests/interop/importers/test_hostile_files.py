"""Hostile files by structure: whatever a stranger's file holds is read or refused in a sentence.

The budget here is fixed and small; ``scripts/fuzz_readers.py`` runs the same with a larger one.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hostile import as_json, broken, changed
from hypothesis import given, settings
from hypothesis import strategies as st
from test_nonsense import FILES, SOUND

from atlasmix.audit.lint import Standard, lint
from atlasmix.errors import AtlasMixError
from atlasmix.evidence.mixture_file import dump_mixture, load_mixture
from atlasmix.interop.importers.counts import read_counts
from atlasmix.interop.importers.mapping import read_rules
from atlasmix.interop.importers.reading import Request, import_mixture
from atlasmix.io.safe_yaml import load_yaml

BUDGET = int(os.environ.get("ATLASMIX_FUZZ", "60"))
"""Examples a reader; the script asks for more."""


def sound(form: str) -> Any:
    """The sound file of a format as plain data; a text where it is no YAML."""
    text = FILES[form].format(**SOUND)
    return text if form in ("megatron", "ms-swift") else load_yaml(text, form, 10**6)


@st.composite
def files(draw: st.DrawFn, form: str) -> str:
    content = sound(form)
    if isinstance(content, str):
        return draw(broken(content))
    text = as_json(draw(changed(content)))
    return draw(st.just(text) | broken(text))


def read_or_refuse(path: Path, form: str, **asked: Any) -> None:
    """Read a file; what comes of it can be checked, written and read again."""
    meant = "tokens" if form == "weights" else ""
    try:
        mixture = import_mixture(Request(path, form, weights_are=meant, **asked))
        lint(mixture, Standard(tokens=1e9))
        assert load_mixture(dump_mixture(mixture)).proportions == mixture.proportions
    except AtlasMixError as refused:
        sentence = refused.sentence if hasattr(refused, "sentence") else str(refused)
        assert 10 < len(sentence) < 2000


@pytest.mark.parametrize("form", FILES)
@settings(max_examples=BUDGET)
@given(data=st.data())
def test_a_framework_file(
    form: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / f"hostile-{form}"
    path.write_text(data.draw(files(form)), encoding="utf-8", errors="replace")
    read_or_refuse(path, form, tokens_per_document=500.0)


EXPECTED = {
    "schema": "atlasmix/expected/1",
    "run": {"tokens": 1000, "steps": 10},
    "pools": [
        {
            **{"pool": "cat.human.x", "key": "cat__human__x", "language": "cat"},
            **{"provenance": "human", "corpus": "x", "paths": ["/a/cat_Latn", "/b/cat_Latn"]},
            **{"unique_tokens": 5e9, "tokens_per_document": 500, "parts": [0.5, 0.5]},
        }
    ],
    "phases": [{"tokens": 1000, "pools": [{"pool": "cat.human.x", "share": 1.0}]}],
}
RULES = {
    "rules": [
        {"match": "{corpus}/{language}_{script}", "provenance": "human", "corpus": "x"},
        {"match": "**/{name}", "other": "{name}", "counts": "{name}"},
    ]
}


@settings(max_examples=BUDGET * 3)
@given(content=changed(EXPECTED) | changed(RULES))
def test_a_mapping(content: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "h.txt").write_text("1 /a/cat_Latn 1 /b/cat_Latn")
    (folder / "h.json").write_text(as_json(content), encoding="utf-8", errors="replace")
    read_or_refuse(folder / "h.txt", "megatron", mapping=folder / "h.json")


COUNTS = {"h/cat_Latn": 5e9, "x": {"tokens": 10, "documents": 2, "tokenizer": "t"}}
TABLE = "prefix,tokens,documents\nh/cat_Latn,1.5B,3\nx,10,2\n"


@settings(max_examples=BUDGET * 3)
@given(data=st.data())
def test_counts(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    ending = data.draw(st.sampled_from(("json", "csv")))
    text = as_json(data.draw(changed(COUNTS))) if ending == "json" else data.draw(broken(TABLE))
    path = tmp_path_factory.getbasetemp() / f"counts.{ending}"
    path.write_text(text, encoding="utf-8", errors="replace")
    with suppress(AtlasMixError):
        read_counts(path).of_each({"/d/h/cat_Latn": (), "y": ("x",)})


@settings(max_examples=BUDGET * 2)
@given(content=changed(RULES))
def test_rules(content: Any) -> None:
    with suppress(AtlasMixError):
        read_rules(content, "mapping")
