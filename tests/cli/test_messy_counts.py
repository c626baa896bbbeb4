"""Counts as teams keep them: units in the header, several files, the sheets of a workbook."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from command_line import Run, assert_refused

CARD = "title: t\nsource: s\nlicence: l\nunit: our tokens\n"
HEAD = "language,provenance,corpus,unique_tokens,obtained\n"
ADD = ("--card", "card.yaml", "--name", "x")


def write(folder: Path, **files: str) -> None:
    (folder / "card.yaml").write_text(CARD, encoding="utf-8")
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")


def workbook(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is in the extra excel")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(path)


def counted(atlasmix: Run) -> dict[str, float]:
    shown = atlasmix("inventory", "show", "x", "--json")
    assert shown.status == 0, shown.err
    return {pool["name"]: pool["unique_tokens"] for pool in json.loads(shown.out)["pools"]}


@pytest.mark.parametrize(
    ("title", "cells"),
    [
        ("B tokens", ("1.5", '"1,200"')),
        ("Tokens  (millions)", ("1500", "1 200 000")),
        ("tokens_T", ("0.0015", "1.2")),
    ],
)
def test_a_unit_in_the_header_is_believed_in_padded_columns(
    atlasmix: Run, tmp_path: Path, title: str, cells: tuple[str, str]
) -> None:
    """1.5 under 'B tokens' was refused as billions typed as units, though the table says so."""
    write(
        tmp_path,
        a=f" Lang , provenance,corpus, {title} ,obtained, seed\n"
        f" cat , human , c4 , {cells[0]} ,counted,1\nspa,human,c4,{cells[1]},counted,2\n",
    )
    columns = ("--column", "language=lang", "--column", f"tokens={title.lower()}")
    done = atlasmix("inventory", "add", "a.csv", *ADD, *columns)
    assert done.status == 0, done.err
    assert counted(atlasmix) == pytest.approx({"cat.human.c4": 1.5e9, "spa.human.c4": 1.2e12})


@pytest.mark.parametrize(
    ("table", "words", "said"),
    [
        (
            "language,provenance,corpus,B tokens,obtained\ncat,human,c4,1.5,counted\n",
            (),
            "say for example unique_tokens=b tokens",
        ),
        (
            "language,provenance,corpus,B tokens,obtained\ncat,human,c4,1.5B,counted\n",
            ("--column", "unique_tokens=B tokens"),
            "row 2: unique_tokens '1.5B in units of B'",
        ),
        (
            "language,provenance,corpus,B tokens,obtained\ncat,human,c4,1,counted\n",
            ("--column", "unique_tokens=B tokens", "--column", "tokens=B tokens"),
            "tokens is unique_tokens here: name it once",
        ),
    ],
)
def test_what_a_header_leaves_open_is_asked(
    atlasmix: Run, tmp_path: Path, table: str, words: tuple[str, ...], said: str
) -> None:
    write(tmp_path, a=table)
    assert_refused(atlasmix("inventory", "add", "a.csv", *ADD, *words), said)


def test_several_tables_are_one_inventory_whatever_their_order(
    atlasmix: Run, tmp_path: Path
) -> None:
    write(
        tmp_path,
        a=HEAD + "cat,human,c4,1.5B,counted\n",
        b="corpus,obtained,unique_tokens,provenance,language\nc4,counted,2B,human,spa\n",
    )
    done = atlasmix("inventory", "add", "a.csv", "b.csv", *ADD)
    assert done.status == 0, done.err
    assert counted(atlasmix) == {"cat.human.c4": 1.5e9, "spa.human.c4": 2e9}


def test_a_pool_in_two_tables_is_asked_about_and_added_up_where_that_is_said(
    atlasmix: Run, tmp_path: Path
) -> None:
    """Two parts of a corpus, or one counted twice: which it is, no table says."""
    write(
        tmp_path,
        a=HEAD + "cat,human,c4,1.5B,counted\nspa,human,c4,1B,counted\n",
        b=HEAD + "cat,human,c4,2B,counted\n",
    )
    refused = atlasmix("inventory", "add", "a.csv", "b.csv", *ADD)
    assert_refused(refused, "row 2 of b.csv: cat, human, c4 stands already in row 2 of a.csv")
    done = atlasmix("inventory", "add", "a.csv", "b.csv", *ADD, "--add-up")
    assert done.status == 0, done.err
    assert counted(atlasmix) == {"cat.human.c4": 3.5e9, "spa.human.c4": 1e9}


def test_parts_that_are_not_alike_are_not_added_up(atlasmix: Run, tmp_path: Path) -> None:
    write(
        tmp_path,
        a=HEAD + "cat,human,c4,1.5B,counted\n",
        b=HEAD + "cat,human,c4,2B,estimated\n",
    )
    done = atlasmix("inventory", "add", "a.csv", "b.csv", *ADD, "--add-up")
    assert_refused(done, "row 2 of b.csv: obtained is estimated here and counted in row 2 of a.csv")


def test_tables_of_different_columns_are_not_joined(atlasmix: Run, tmp_path: Path) -> None:
    write(tmp_path, a=HEAD, b=HEAD.replace("obtained", "obtained,note"))
    done = atlasmix("inventory", "add", "a.csv", "b.csv", *ADD)
    assert_refused(done, "table b.csv has other columns than table a.csv (note)")


ROWS = ("language", "provenance", "corpus", "B tokens", "obtained")


def test_the_sheets_of_a_workbook_are_asked_for(atlasmix: Run, tmp_path: Path) -> None:
    write(tmp_path)
    workbook(
        tmp_path / "counts.xlsx",
        {
            "notes": [["read me first"]],
            "2023": [[], ["", *ROWS], ["", "cat", "human", "c4", 1.5, "counted"]],
            "2024": [
                ROWS,
                ["cat", "human", "c4", 2, "counted"],
                ["spa", "human", "c4", 3.25, "counted"],
            ],
            "empty": [],
        },
    )
    add = ("inventory", "add", "counts.xlsx", *ADD, "--column", "tokens=B tokens")
    asked = atlasmix(*add)
    assert_refused(asked, "table counts.xlsx has the sheets notes, 2023, 2024: name those to read")
    assert "(--sheet)" in asked.err
    assert_refused(atlasmix(*add, "--sheet", "2025"), "has no sheet '2025'")
    both = ("--sheet", "2023", "--sheet", "2024")
    said = "row 2 of sheet 2024: cat, human, c4 stands already in row 3 of sheet 2023"
    assert_refused(atlasmix(*add, *both), said)
    done = atlasmix(*add, *both, "--add-up")
    assert done.status == 0, done.err
    assert counted(atlasmix) == {"cat.human.c4": 3.5e9, "spa.human.c4": 3.25e9}


def test_a_workbook_of_one_sheet_is_a_table_for_every_door(atlasmix: Run, tmp_path: Path) -> None:
    write(tmp_path)
    workbook(tmp_path / "c.xlsx", {"a": [["prefix", "tokens"], ["d/cat_Latn", 2_000_000_000]]})
    (tmp_path / "mix.txt").write_text("1 /d/cat_Latn\n")
    done = atlasmix("import", "mix.txt", "--from", "megatron", "--counts", "c.xlsx", "--json")
    assert done.status == 0, done.err
    (pool,) = json.loads(done.out)["pools"]
    assert pool["unique_tokens"] == 2e9


def zipped(files: Mapping[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04", "is no whole Excel workbook"),
        (zipped({"a.csv": b"x"}), "is no whole Excel workbook"),
        (zipped({"xl/workbook.xml": b" " * 40_000_000}), "unpacks to 40,000,000 bytes: at most"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "locked or of an old kind (.xls)"),
    ],
)
def test_what_is_no_workbook_is_a_sentence(
    atlasmix: Run, tmp_path: Path, content: bytes, said: str
) -> None:
    pytest.importorskip("openpyxl", reason="openpyxl is in the extra excel")
    write(tmp_path)
    (tmp_path / "c.xlsx").write_bytes(content)
    assert_refused(atlasmix("inventory", "add", "c.xlsx", *ADD), said)


def test_a_cell_at_the_far_end_of_a_sheet_takes_neither_time_nor_memory(
    atlasmix: Run, tmp_path: Path
) -> None:
    """One cell in the last row and column of a sheet is seventeen billion cells if laid out."""
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is in the extra excel")
    write(tmp_path)
    book = openpyxl.Workbook()
    book.active.append(list(HEAD.strip().split(",")))
    book.active.append(["cat", "human", "c4", 2_000_000_000, "counted"])
    book.active["XFD1048576"] = "far"
    book.save(tmp_path / "c.xlsx")
    assert_refused(atlasmix("inventory", "add", "c.xlsx", *ADD), "row 1048576: 16384 cells")
