"""Tables from strangers: what a small file unpacks to is bounded before it is made."""

from __future__ import annotations

import io
import sys
import tracemalloc

import pytest

from atlasmix.errors import DataError
from atlasmix.evidence.overlay import OVERLAY_UNPACKED, Overlay, lay
from atlasmix.evidence.shelf import INVENTORIES
from atlasmix.io import tables
from atlasmix.io.tables import TABLE_LIMIT, read_rows

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
MEGABYTE = "x" * 1_000_000


def parquet(columns: dict[str, object], **options: object) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, compression="zstd", **options)
    return file.getvalue()


BOMBS = {
    "one text in a dictionary": (lambda: parquet({"a": [MEGABYTE] * 3000}), "packed into less"),
    "texts that begin alike": (
        lambda: parquet(
            {"a": [f"{MEGABYTE}{number}" for number in range(300)]},
            use_dictionary=False,
            column_encoding={"a": "DELTA_BYTE_ARRAY"},
        ),
        "packed into less",
    ),
    "texts that compress": (
        lambda: parquet({"a": [MEGABYTE] * 300}, use_dictionary=False),
        "unpacks to 300,",
    ),
    "bytes of one length": (
        lambda: parquet({"a": pa.array([MEGABYTE.encode()] * 300, pa.binary(1_000_000))}),
        "packed into less",
    ),
    "a list": (lambda: parquet({"a": [[1] * 10_000_000]}), "lists or mappings in the column 'a'"),
    "a mapping": (lambda: parquet({"a": [{"b": 1}]}), "lists or mappings in the column 'a'"),
    "nothing, often": (lambda: parquet({"a": pa.nulls(30_000_000, pa.string())}), "cells"),
    "a number, often": (lambda: parquet({"a": pa.array([7] * 10_000_000)}), "cells"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_file_of_gigabytes_is_refused(name: str) -> None:
    """1,200 rows of one text of 1 MB, 1,176 bytes in all, took 2.4 GB."""
    make, words = BOMBS[name]
    content = make()
    assert len(content) < 200_000
    pa.total_allocated_bytes()
    tracemalloc.start()
    with pytest.raises(DataError, match=words):
        read_rows(content, "table t")
    assert tracemalloc.get_traced_memory()[1] < 4 * TABLE_LIMIT
    tracemalloc.stop()


@pytest.mark.parametrize("encoding", ["PLAIN", "DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY", ""])
def test_every_encoding_gives_the_same_cells(encoding: str) -> None:
    """Read in batches or as a dictionary, with nothing, in one group of rows or in many."""
    texts = [None if number % 7 == 0 else f"text {number % 50}" for number in range(5000)]
    numbers = [number / 3 for number in range(5000)]
    options: dict[str, object] = {"row_group_size": 999}
    if encoding:
        options |= {"use_dictionary": False, "column_encoding": {"a": encoding, "c": encoding}}
    columns = {"a": texts, "b": numbers, "c": [f"é{number}" for number in range(5000)]}
    rows = read_rows(parquet(columns, **options), "table t")
    assert rows.header == ("a", "b", "c")
    assert rows.numbers == tuple(range(1, 5001))
    assert rows.rows == tuple(
        ("" if text is None else text, repr(number), last)
        for text, number, last in zip(*columns.values(), strict=True)
    )


def test_a_csv_of_too_many_cells_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_MOST_CELLS", 100)
    assert len(read_rows(b"a,b\n" + b"1,2\n" * 25, "table t").rows) == 25
    with pytest.raises(DataError, match="over 100 cells"):
        read_rows(b"a,b\n" + b"1,2\n" * 26, "table t")


def test_memory_that_ran_out_is_no_fault_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """pyarrow's error of memory is one of its own too; who bounds memory has to hear of it."""

    def fail(*_: object, **__: object) -> None:
        raise pa.ArrowMemoryError("malloc of size 1 failed")

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", fail)
    with pytest.raises(MemoryError):
        read_rows(parquet({"a": ["x"]}), "table t")


def test_a_table_that_is_large_in_normal_form_is_not_kept_in_a_session() -> None:
    """A server holds every visitor's tables as they were read, not as they came."""
    note = "n" * 50_000
    rows = [f"cat,human,c{number},1000000,ours,counted,{note}" for number in range(100)]
    table = "\n".join(["language,provenance,corpus,unique_tokens,unit,obtained,note", *rows])
    columns = [line.split(",") for line in table.splitlines()]
    content = parquet(
        {name: [row[place] for row in columns[1:]] * 1 for place, name in enumerate(columns[0])}
    )
    card = b"kind: token inventory\ntitle: Ours\nsource: us\nlicence: private\n"
    files = {"table": "t.parquet", "card": "c.yaml"}
    laid, _ = lay(Overlay("/nonexistent"), INVENTORIES, content, card, files, "ours")
    assert len(laid.entries[0][2]) < OVERLAY_UNPACKED
    more = [[*row[:2], f"d{number}", *row[3:]] for number in range(5) for row in columns[1:]]
    content = parquet(
        {
            name: [f"{row[place]}{index}" if name == "corpus" else row[place]
                   for index, row in enumerate(more)]
            for place, name in enumerate(columns[0])
        }
    )  # fmt: skip
    assert len(content) < 100_000
    with pytest.raises(DataError, match="unpacks to"):
        lay(Overlay("/nonexistent"), INVENTORIES, content, card, files, "ours")


def test_a_workbook_without_its_package_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(DataError, match=r"openpyxl is missing: pip install 'atlasmix\[excel\]'"):
        read_rows(b"PK\x03\x04 and more", "table x.xlsx")
