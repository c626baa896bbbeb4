"""Hostile workbooks: whatever a stranger's XLSX holds is read or refused in a sentence."""

from __future__ import annotations

import io
import os
import zipfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlasmix.errors import DataError
from atlasmix.io.tables import read_tables

openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is in the extra excel")
BUDGET = int(os.environ.get("ATLASMIX_FUZZ", "60"))
"""Examples; the script asks for more."""


def sound() -> dict[str, bytes]:
    """The files of a workbook of two sheets, by name."""
    book: Any = openpyxl.Workbook()
    book.active.append(["language", "tokens", "share", "seen"])
    book.active.append(["cat", 5_000_000_000, 0.25, True])
    book.active.append(["spa", None, "=1/4", "x"])
    book.create_sheet("more").append(["a", "b"])
    held = io.BytesIO()
    book.save(held)
    with zipfile.ZipFile(held) as archive:
        files = {entry: archive.read(entry) for entry in archive.namelist()}
    # Excel keeps its texts in a file of their own, and cells name them by number.
    types, part = files["[Content_Types].xml"], "spreadsheetml.sharedStrings+xml"
    kind = f"application/vnd.openxmlformats-officedocument.{part}"
    override = f'<Override PartName="/{STRINGS}" ContentType="{kind}"/></Types>'
    files["[Content_Types].xml"] = types.replace(b"</Types>", override.encode())
    files[STRINGS] = texts("a", "b")
    numbered = "".join(f'<c t="s"><v>{number}</v></c>' for number in range(2))
    files["xl/worksheets/sheet2.xml"] = cells(f"<row>{numbered}</row>")
    return files


SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRINGS = "xl/sharedStrings.xml"


def texts(*words: str) -> bytes:
    """The texts of a workbook."""
    held = "".join(f'<si><t xml:space="preserve">{word}</t></si>' for word in words)
    return f'<sst xmlns="{SPACE}">{held}</sst>'.encode()


def cells(rows: str) -> bytes:
    """A sheet."""
    return f'<worksheet xmlns="{SPACE}"><sheetData>{rows}</sheetData></worksheet>'.encode()


SOUND = sound()
PIECES = (
    *(b"", b"<", b">", b'"', b"&", b"&a;", b"\0", b"\xff", b"-1", b"1e400", b"9" * 400),
    *(b' r="XFD1048576"', b' r="A0"', b' r="1"', b' t="s"', b' t="e"', b' t="d"', b' t="zz"'),
    *(b"<v>99999</v>", b"<row>", b"</row>", b"</sheetData>", b"<!DOCTYPE a [<!ENTITY a 'b'>]>"),
    *(b"<f>A1</f>", b"<is><t>x</t></is>", b' r:id="rId9"', b"../../../etc/passwd", b"sheet9.xml"),
)


@st.composite
def workbooks(draw: st.DrawFn) -> bytes:
    """A workbook in which a few pieces of a few files are other ones, left out, or twice."""
    files = dict(SOUND)
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(sorted(files)))
        how = draw(st.sampled_from(("piece", "piece", "piece", "cut", "drop")))
        text = files[name]
        if how == "drop" and len(files) > 1:
            del files[name]
            continue
        start = draw(st.integers(0, len(text)))
        end = start if how == "piece" else start + draw(st.integers(0, 200))
        files[name] = text[:start] + draw(st.sampled_from(PIECES)) + text[end:]
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    packed = held.getvalue()
    cut = draw(st.none() | st.integers(0, len(packed)))
    return packed if cut is None else packed[:cut] + packed[cut + 1 :]


def test_a_text_in_every_cell_is_bounded_by_what_a_csv_may_hold() -> None:
    """A text that stands once in the file would be copied into as many cells as there are."""
    files = {**SOUND, STRINGS: texts(" " + "x" * 32_000, "b")}
    files["xl/worksheets/sheet1.xml"] = cells('<row><c t="s"><v>0</v></c></row>' * 3000)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    assert len(held.getvalue()) < 20_000
    with pytest.raises(DataError, match="holds texts of over 67,108,864 bytes, packed into less"):
        read_tables(held.getvalue(), "table x.xlsx")


@settings(max_examples=BUDGET, deadline=None)
@given(content=workbooks())
def test_a_workbook(content: bytes) -> None:
    try:
        tables = read_tables(content, "table x.xlsx", ("*",))
    except DataError as refused:
        sentence = refused.sentence
        assert 10 < len(sentence) < 2000
        return
    for rows in tables:
        assert len(rows.numbers) == len(rows.rows)
        assert all(isinstance(cell, str) for row in rows.rows for cell in row)


def test_a_sound_workbook_is_read(recwarn: pytest.WarningsRecorder) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in SOUND.items():
            archive.writestr(name, content)
    first, more = read_tables(held.getvalue(), "table x.xlsx", ("*",))
    assert first.header == ("language", "tokens", "share", "seen")
    # A formula has no value before a program has worked it out.
    assert first.rows == (("cat", "5000000000", "0.25", "True"), ("spa", "", "", "x"))
    assert (more.header, more.rows) == (("a", "b"), ())
    odd = {**SOUND, "xl/workbook.xml": SOUND["xl/workbook.xml"].replace(b"<sheets>", b"0<sheets>")}
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in odd.items():
            archive.writestr(name, content)
    read_tables(held.getvalue(), "table x.xlsx", ("*",))
    # What its reader leaves out (validation, print areas) concerns nobody here.
    assert not recwarn.list
