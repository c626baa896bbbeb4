"""How machine text was made stands in an inventory where somebody says it, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from atlasmix.errors import DataError
from atlasmix.evidence.pools import MAKING_COLUMNS, parse_pools, pools_csv
from atlasmix.evidence.store import Store

CARD = "title: Mine\nkind: token inventory\naxis: language\nsource: me\nlicence: CC0\n"
HEAD = (
    "language,provenance,corpus,unique_tokens,unit,obtained,generator,generation,source_language,"
    "decoding,verified\n"
)
ROW = 'cat,translated,mine,1.5B,tokens of mine,counted,some-model,1,en,"temperature 0.8",quality\n'


def add(folder: Path, table: str) -> Store:
    (folder / "pools.csv").write_text(table, encoding="utf-8")
    (folder / "card.yaml").write_text(CARD, encoding="utf-8")
    store = Store(str(folder / "store"))
    store.add_inventory(str(folder / "pools.csv"), str(folder / "card.yaml"), "mine")
    return store


def test_what_a_table_says_of_the_making_is_kept(tmp_path):
    (pool,) = add(tmp_path, HEAD + ROW).inventory("mine").pools
    assert (pool.source_language, pool.decoding, pool.verified) == (
        "eng",
        "temperature 0.8",
        "quality",
    )
    assert (pool.generator, pool.generation, pool.depth) == ("some-model", 1, 1)
    assert parse_pools(pools_csv((pool,))) == (pool,)


def test_a_table_that_says_nothing_of_it_has_no_such_columns():
    shipped = Store("/nonexistent").inventory("web-2026").pools
    header = pools_csv(shipped).split(b"\n", 1)[0].decode()
    assert not set(MAKING_COLUMNS) & set(header.split(","))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (ROW.replace(",en,", ",qqq,"), "source_language"),
        (ROW.replace("translated", "human").replace("some-model,1", ","), "source_language says"),
    ],
)
def test_what_cannot_be_is_refused_with_its_row(tmp_path, row, said):
    with pytest.raises(DataError) as caught:
        add(tmp_path, HEAD + row)
    assert any(said in fault and "row 2" in fault for fault in caught.value.faults)
