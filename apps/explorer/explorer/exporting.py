"""The answer as the files of a training framework, to look at and to export."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import streamlit as st

from atlasmix.interop.exporters.exporter import Export, Exporter, all_exporters
from atlasmix.interop.exporters.plan import Run
from atlasmix.interop.exporters.writing import Written
from atlasmix.io.files import zip_files
from atlasmix.recipe.file import dump_recipe
from atlasmix.recipe.recipe import make_recipe
from atlasmix.report.interop import export_blocks
from explorer import answers, session
from explorer.display import report
from explorer.downloads import file_button
from explorer.tasks import Answer

PATHS: Final = """\
"{language}.{provenance}.{corpus}": /data/{language}_{provenance}_{corpus}
valid: /data/valid
test: /data/test
"""
_LENGTHS: Final = (512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072)
_BATCHES: Final = (64, 128, 256, 512, 1024, 2048, 4096, 8192)


def exports(answer: Answer) -> None:
    """Choose a framework, say where the text lies, and take its files."""
    st.subheader("For your trainer")
    known = {each.name: each for each in all_exporters()}
    left, middle, right = st.columns(3)
    name = left.selectbox(
        "Framework",
        list(known),
        format_func=lambda each: known[each].title,
        key="export-to",
        persist_state="session",
    )
    usual = Run()
    length = _step(middle, "Sequence length", _LENGTHS, usual.sequence_length)
    batch = _step(right, "Batch size, sequences", _BATCHES, usual.batch_size)
    paths = ""
    if known[name].paths.needed:
        paths = st.text_area(
            "Where the text lies on the machine that trains (YAML)",
            value=PATHS,
            key="export-paths",
            persist_state="session",
            max_chars=20_000,
            help="Pool or pattern to path. Nothing is read there: the paths go into the files.",
        )
    recipe = dump_recipe(make_recipe(answer.problem, answer.mixture, answer.comparisons))
    run = Run(sequence_length=length, batch_size=batch)
    done = answers.once("export", recipe.encode(), name, paths, run, session.overlay())
    _show(known[name], done)


def _show(exporter: Exporter, done: dict[str, Any]) -> None:
    packed = partial(zip_files, done["files"])
    file_button(f"Files for {exporter.title} (ZIP)", packed, f"{exporter.name}.zip", "primary")
    export = Export(done["files"], done["load"], done["notes"])
    written = Written(exporter, export, done["figures"], done["files"])
    with st.expander("What is in it, and how it is loaded", key="open-export"):
        report(export_blocks(f"{exporter.name}.zip", written))


def _step(place: Any, label: str, steps: tuple[int, ...], usual: int) -> int:
    step = place.select_slider(
        label, sorted({*steps, usual}), value=usual, key=label, persist_state="session"
    )
    return int(step)
