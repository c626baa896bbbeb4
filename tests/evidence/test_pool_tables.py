"""Reading a user's pools: what is accepted, and every refusal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shelf_samples import INVENTORY_CARD, POOLS

from atlasmix.errors import DataError
from atlasmix.evidence.card import read_card
from atlasmix.evidence.pools import Pool, parse_pools, pools_csv, read_pools
from atlasmix.evidence.store import Store
from atlasmix.io.tables import read_rows

HEADER = "language,provenance,corpus,unique_tokens,unit,obtained"


def read(table: str, card: str = INVENTORY_CARD) -> tuple[Pool, ...]:
    return read_pools(read_rows(table.encode(), "table ours.csv"), read_card(card))


def test_pools_are_sorted_and_named():
    pools = read(POOLS)
    assert [pool.name for pool in pools] == ["cat.human.ours", "spa.human.ours"]
    assert pools[0].unique_tokens == 21e9
    assert pools[0].kind == "web"
    assert (pools[0].source, pools[0].licence) == ("our own count", "private")


def test_all_columns():
    (pool,) = read(
        f"{HEADER},script,documents,utf8_bytes,kind,generator,generation,source,licence,note\n"
        "Serbian,generated,ours,5e6,t,stated,Latn,2,9,other,some model,1,s,l,n\n"
    )
    assert pool.language == "srp_Latn"
    assert (pool.documents, pool.utf8_bytes, pool.kind) == (2, 9, "other")
    assert (pool.generator, pool.generation) == ("some model", 1)
    assert (pool.source, pool.licence, pool.note) == ("s", "l", "n")


def test_an_empty_pool_is_a_pool():
    (pool,) = read(f"{HEADER}\ncat,human,ours,0,t,counted\n")
    assert pool.unique_tokens == 0


def test_domains():
    card = INVENTORY_CARD + "axis: domain\nnames: [medical, chemistry]\n"
    (pool,) = read(f"{HEADER}\nmedical,human,ours,5e6,t,counted\n", card)
    assert pool.language == "medical"
    with pytest.raises(DataError, match=r"no label 'medicall'.*did you mean medical"):
        read(f"{HEADER}\nmedicall,human,ours,5,t,counted\n", card)
    with pytest.raises(DataError, match="script found, and the card says 'axis: domain'"):
        read(f"{HEADER},script\nmedical,human,ours,5,t,counted,Latn\n", card)


def test_a_table_of_domains_may_say_domain():
    card = INVENTORY_CARD + "axis: domain\nnames: [medical, chemistry]\n"
    header = HEADER.replace("language", "domain")
    (pool,) = read(f"{header}\nmedical,human,ours,5e6,t,counted\n", card)
    assert pool.language == "medical"
    with pytest.raises(DataError, match="domain: no label 'medicall'"):
        read(f"{header}\nmedicall,human,ours,5,t,counted\n", card)
    with pytest.raises(DataError, match="header: domain missing"):
        read("provenance,corpus,unique_tokens,unit,obtained\nhuman,ours,5,t,counted\n", card)
    with pytest.raises(DataError, match="unknown column 'domain'"):
        read(f"{HEADER},domain\nmedical,human,ours,5,t,counted,chemistry\n", card)
    with pytest.raises(DataError, match="unknown column 'domain'"):
        read(f"{header}\nmedical,human,ours,5,t,counted\n")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("catalna,human,ours,5,t,counted", "row 2: language: no language 'catalna'"),
        (",human,ours,5,t,counted", "row 2: language: the language is empty"),
        ("cat,people,ours,5,t,counted", "provenance 'people': expected one of human"),
        ("cat,human,Ours!,5,t,counted", "corpus 'Ours!': expected a-z"),
        ("cat,human,,5,t,counted", "corpus '': expected a-z"),
        ("cat,human,ours,-5,t,counted", "unique_tokens '-5': expected a finite number"),
        ("cat,human,ours,nan,t,counted", "unique_tokens 'nan': expected a finite number"),
        ("cat,human,ours,inf,t,counted", "unique_tokens 'inf': expected a finite number"),
        ("cat,human,ours,5X,t,counted", "unique_tokens '5X': expected a finite number"),
        ("cat,human,ours,-5B,t,counted", "unique_tokens '-5B': expected a finite number"),
        ("cat,human,ours,5000P,t,counted", "unique_tokens '5000P': expected a finite number"),
        ("cat,human,ours,1e30,t,counted", "unique_tokens 1e\\+30: above 1e\\+18"),
        ("cat,human,ours,,t,counted", "unique_tokens is empty"),
        ("cat,human,ours,5,,counted", "unit is empty"),
        ("cat,human,ours,5,t,guessed", "obtained 'guessed': expected one of counted"),
        ("cat,human,ours,5,t", "row 2: 5 cells, expected 6"),
        ("cat,human,ours,5,t,counted\nca,human,ours,6,t,counted", "row 3: cat, human, ours stand"),
    ],
)
def test_refusals(row: str, words: str):
    with pytest.raises(DataError, match=words):
        read(f"{HEADER}\n{row}\n")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("language,tokens\ncat,5\n", "provenance, corpus, unique_tokens, unit, obtained missing"),
        ("language,tokens\ncat,5\n", "unknown column 'tokens'"),
        (f"{HEADER},unit\ncat,human,ours,5,t,counted,t\n", "unit stands twice"),
        (f"{HEADER}\n", "no pools: expected at least one row"),
        (
            f"{HEADER},generator\ncat,human,ours,5,t,counted,gpt\n",
            "provenance is human, and a generator",
        ),
        (
            f"{HEADER},generation\ncat,generated,ours,5,t,counted,1.5\n",
            "generation '1.5': expected a whole number",
        ),
        (f"{HEADER},kind\ncat,human,ours,5,t,counted,blog\n", "kind 'blog': expected one of web"),
        (f"{HEADER},script\ncat,human,ours,5,t,counted,Grek\n", "row 2: language: .*"),
    ],
)
def test_more_refusals(table: str, words: str):
    with pytest.raises(DataError, match=words):
        read(table)


def test_all_faults_come_at_once():
    with pytest.raises(DataError, match=r"table ours.csv has 4 faults") as caught:
        read(f"{HEADER}\nxxq,people,ours,5e6,t,counted\ncat,human,ours,-1,t,guessed\n")
    assert len(caught.value.faults) == 4


@given(st.binary(max_size=100))
def test_junk_never_escapes_as_another_error(junk: bytes):
    for start in (b"", f"{HEADER}\n".encode()):
        with pytest.raises(DataError):
            read_pools(read_rows(start + junk, "table"), read_card(INVENTORY_CARD))


@pytest.mark.parametrize(
    ("counts", "rows", "words"),
    [
        (["0.2"], [2], "row 2: unique_tokens 0.2: looks like billions typed as units; write 0.2B"),
        (["1e12", "21.3"], [3], "row 3: unique_tokens 21.3: looks like .* write 21.3B$"),
        (["21", "340"], [2, 3], "row 2: unique_tokens 21: .* or '21 tokens' if it is right"),
        # Beside a fraction a whole number is as doubtful, even below a large count.
        (["1e12", "0.5", "7"], [3, 4], "row 4: unique_tokens 7: .* write 7B, or '7 tokens'"),
        (["3915", "0.5"], [2, 3], "row 2: unique_tokens 3915: .* write 3915B, or '3915 tokens'"),
        (["0", "999"], [3], "row 3: unique_tokens 999: looks like billions"),
        (["0.2 tokens"], [2], "row 2: unique_tokens 0.2: looks like .* write 0.2B$"),
    ],
)
def test_counts_that_look_like_billions_are_refused(counts: list[str], rows: list[int], words: str):
    table = [f"cat,human,c{place},{count},t,counted" for place, count in enumerate(counts)]
    with pytest.raises(DataError) as caught:
        read("\n".join([HEADER, *table]))
    assert [int(fault.split()[1].rstrip(":")) for fault in caught.value.faults] == rows
    assert any(re.search(words, fault) for fault in caught.value.faults)


@pytest.mark.parametrize(
    ("counts", "tokens"),
    [
        (["21 tokens", "340 tokens"], [21, 340]),  # said to be meant
        (["0.5K"], [500]),  # by its letter
        (["21", "5000"], [21, 5000]),  # not every pool is so small
        (["0", "0"], [0, 0]),  # empty pools are no billions
        (["999.5e6", "1000.5"], [999.5e6, 1000.5]),  # an estimate above a thousand
        (["21.3B", "0.5T", "850K"], [21.3e9, 0.5e12, 850e3]),  # as the sentence tells to write it
    ],
)
def test_counts_that_are_meant_are_read(counts: list[str], tokens: list[float]):
    table = [f"cat,human,c{place},{count},t,counted" for place, count in enumerate(counts)]
    pools = read("\n".join([HEADER, *table]))
    assert [pool.unique_tokens for pool in pools] == tokens


def test_what_lies_on_the_shelf_is_not_asked_again(tmp_path: Path):
    store = Store(str(tmp_path / "store"))
    table, card = tmp_path / "few.csv", tmp_path / "card.yaml"
    table.write_text(f"{HEADER}\ncat,human,ours,21 tokens,t,counted\n")
    card.write_text(INVENTORY_CARD)
    store.add_inventory(table, card, "few")
    assert store.inventory("few").pools[0].unique_tokens == 21
    assert store.verify("few") == ()


@given(st.lists(st.floats(1000, 1e15), min_size=1, max_size=5))
def test_the_shelf_gives_back_what_was_read(tokens: list[float]):
    rows = [f'cat,human,c{i},{value!r},"a, unit",counted' for i, value in enumerate(tokens)]
    pools = read("\n".join([HEADER, *rows]))
    assert parse_pools(pools_csv(pools)) == pools


def test_an_inventory_in_json_lines_is_the_same_as_in_csv():
    """A column that only some lines have is empty in the others; a number keeps its digits."""
    lines = (
        b'{"language": "cat", "provenance": "human", "corpus": "x", "unique_tokens": 1500000000, '
        b'"unit": "t", "obtained": "counted"}\n'
        b'{"language": "cat", "provenance": "translated", "corpus": "y", "unique_tokens": 2e9, '
        b'"unit": "t", "obtained": "counted", "generator": "m", "generation": 1, '
        b'"source_language": "eng"}\n'
    )
    table = (
        b"language,provenance,corpus,unique_tokens,unit,obtained,generator,generation,"
        b"source_language\n"
        b"cat,human,x,1500000000,t,counted,,,\n"
        b"cat,translated,y,2e9,t,counted,m,1,eng\n"
    )
    assert read(lines.decode()) == read(table.decode())
