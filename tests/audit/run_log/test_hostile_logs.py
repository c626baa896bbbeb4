"""Hostile logs by structure: whatever a log holds is read or refused in a sentence."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

import pytest
from hostile import as_json, broken, changed
from hypothesis import given, settings
from hypothesis import strategies as st
from test_run_log_shapes import MEGATRON

from atlasmix.audit.run_log import read_log
from atlasmix.audit.run_verdict import files_of_expected, phases_of_expected, verify_run
from atlasmix.errors import AtlasMixError
from atlasmix.evidence.mixture_file import GivenMixture, GivenPool, Part

BUDGET = int(os.environ.get("ATLASMIX_FUZZ", "200"))
PLAN = GivenMixture(
    "plan",
    1e9,
    (
        GivenPool(
            name="cat.human.x",
            proportion=1.0,
            unique_tokens=1e9,
            language="cat",
            provenance="human",
            corpus="x",
            parts=(Part("/a/cat", 1.0, 5e8), Part("/b/cat", 1.0, 5e8)),
        ),
    ),
)
TABLE = "step,source,tokens\n1,/a/cat,10\n1,/b/cat,10\n2,/a/cat,20\n2,/b/cat,1.5B\n"
OBJECTS = [{"source": "/a/cat", "tokens": 10}, {"source": "/b/cat", "tokens": 20}]
STEPS = [{"_step": 1, "tokens/a": 5, "loss": 2.0}, {"_step": 2, "train/tokens/a": 9}]
EXPECTED = {
    "schema": "atlasmix/expected/1",
    "pools": [
        {"pool": "cat.human.x", "key": "k", "paths": ["/a/cat", "/b/cat"], "parts": [0.5, 0.5]}
    ],
    "phases": [
        {"tokens": 1000, "pools": [{"pool": "cat.human.x", "share": 1.0}]},
        {"tokens": 1000, "pools": [{"pool": "cat.human.x", "share": 1.0}]},
    ],
}


@st.composite
def logs(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(("table", "megatron", "objects", "steps")))
    if kind in ("table", "megatron"):
        return draw(broken(TABLE if kind == "table" else MEGATRON))
    content = draw(changed(OBJECTS if kind == "objects" else STEPS))
    text = "\n".join(map(as_json, content)) if isinstance(content, list) else as_json(content)
    return draw(st.just(text) | broken(text))


@settings(max_examples=BUDGET)
@given(text=logs())
def test_a_log(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "hostile.log"
    path.write_text(text, encoding="utf-8", errors="replace")
    try:
        report = verify_run(PLAN, read_log(path))
    except AtlasMixError:
        return
    assert all(0 <= pool.read <= 1 + 1e-9 for pool in report.pools)


@settings(max_examples=BUDGET)
@given(content=changed(EXPECTED))
def test_an_expected_file(content: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "log.csv"
    path.write_text("source,tokens\n/a/cat,10\nk,20\n")
    with suppress(AtlasMixError):
        files = files_of_expected(content)
        verify_run(PLAN, read_log(path), files, phases=phases_of_expected(content))
