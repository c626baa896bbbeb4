"""Reading a user's scores: what is accepted, and every refusal."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shelf_samples import MATRIX_CARD

from atlasmix.errors import DataError
from atlasmix.evidence.card import read_card
from atlasmix.evidence.scores import ScoreTable, parse_scores, read_scores, scores_csv
from atlasmix.io.tables import read_rows

DOMAIN_CARD = MATRIX_CARD + "axis: domain\nnames: [medical, biomedical, chemistry, 'no']\n"


def read(table: str | bytes, card: str = MATRIX_CARD) -> ScoreTable:
    content = table.encode() if isinstance(table, str) else table
    return read_scores(read_rows(content, "table ours.csv"), read_card(card))


def score_of(table: ScoreTable, source: str, target: str) -> float:
    return float(table.scores[table.keys.index(source), table.keys.index(target)])


def refusal(table: str | bytes, card: str = MATRIX_CARD) -> str:
    with pytest.raises(DataError) as caught:
        read(table, card)
    return str(caught.value)


def test_a_long_table():
    table = read("source,target,score\nspa,cat,0.4\ncat,spa,0.3\n")
    assert table.keys == ("cat", "spa")
    assert table.scores.tolist() == [[1.0, 0.3], [0.4, 1.0]]
    assert table.stderr.tolist() == [[0.0, 0.05], [0.05, 0.0]]
    assert table.status.tolist() == [["defined", "measured"], ["measured", "defined"]]


def test_columns_in_any_order_with_errors_and_statuses():
    table = read(
        "status,stderr,Score,target,source\npredicted,,0.4,ca,Spanish\nmeasured,0.01,0.3,es,cat\n"
    )
    assert score_of(table, "spa", "cat") == 0.4
    assert table.stderr.tolist() == [[0.0, 0.01], [0.2, 0.0]]
    assert table.status[1, 0] == "predicted"


def test_a_card_can_call_all_pairs_predicted():
    table = read(
        "source,target,score\nspa,cat,0.4\n",
        MATRIX_CARD.replace("status: measured", "status: predicted"),
    )
    assert table.status[1, 0] == "predicted"
    assert table.stderr[1, 0] == 0.2


@pytest.mark.parametrize(("rows", "forth"), [("source", 0.3), ("target", 0.4)])
def test_a_square_table_goes_the_way_its_card_says(rows: str, forth: float):
    table = read(",cat,spa\ncat,1,0.3\nspa,0.4,1\n", MATRIX_CARD + f"rows: {rows}\n")
    assert score_of(table, "cat", "spa") == forth


def test_an_empty_cell_of_a_square_table_is_a_missing_pair():
    table = read(",cat,spa\ncat,1,\nspa,0.4,\n", MATRIX_CARD + "rows: source\n")
    assert math.isnan(score_of(table, "cat", "spa"))
    assert table.status[0, 1] == ""


def test_codes_that_other_readers_lose():
    table = read("source,target,score\nnan,no,0.1\nno,nan,0.2\n")
    assert table.keys == ("nan", "nob")
    assert score_of(table, "nan", "nob") == 0.1


def test_parquet_is_read_like_csv():
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    file = io.BytesIO()
    pq.write_table(
        pa.table({"source": ["nan", "cat"], "target": ["cat", "nan"], "score": [0.1, 1 / 3]}), file
    )
    table = read(file.getvalue())
    assert score_of(table, "cat", "nan") == 1 / 3
    assert "is no whole Parquet table" in refusal(file.getvalue()[:200])


def test_a_missing_value_in_parquet_is_refused():
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    file = io.BytesIO()
    pq.write_table(
        pa.table({"source": ["spa", None], "target": ["cat", "cat"], "score": [math.nan, 0.1]}),
        file,
    )
    words = refusal(file.getvalue())
    assert "row 1: score 'nan' is no finite number" in words
    assert "row 2: source: the language is empty" in words


def test_domains_are_checked_against_the_card():
    table = read("source,target,score\nbiomedical,medical,0.5\nno,medical,-0.2\n", DOMAIN_CARD)
    assert table.keys == ("biomedical", "chemistry", "medical", "no")
    assert score_of(table, "no", "medical") == -0.2
    words = refusal("source,target,score\nbiomedcal,medical,0.5\ncat,medical,0\n", DOMAIN_CARD)
    assert "row 2: source: no label 'biomedcal' among the names of the card" in words
    assert "did you mean biomedical" in words
    assert "row 3: source: no label 'cat'" in words


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("", "is empty"),
        ("  \n", "is empty"),
        ("\n\n,\n", "the card does not say what its rows are"),
        ("source,target,score\n", "no scores: expected at least one row"),
        ("source;target;score\nspa;cat;1\n", "expected commas between columns"),
        ("from,to,bts\nspa,cat,0.4\n", "found bts, from, to, expected source,target,score"),
        ("src,tgt,score\nspa,cat,0.4\n", "source, target missing, found src, tgt, score"),
        ("donor,target,score\nspa,cat,0.4\n", "unknown column 'donor'"),
        ("source,target,score,note\nspa,cat,0.4,x\n", "unknown column 'note'"),
        ("source,target,score,score\nspa,cat,0.4,0.4\n", "score stands twice"),
        ("source,target,score\ncatalna,spa,0.1\n", "row 2: source: no language 'catalna': did"),
        ("source,target,score\nspa,,0.1\n", "row 2: target: the language is empty"),
        ("source,target,score\nspa,cat\n", "row 2: 2 cells, expected 3"),
        ("source,target,score\nspa,cat,nan\n", "row 2: score 'nan' is no finite number"),
        ("source,target,score\nspa,cat,inf\n", "row 2: score 'inf' is no finite number"),
        ("source,target,score\nspa,cat,\n", "row 2: score '' is no finite number"),
        ("source,target,score\nspa,cat,2.0\n", "row 2: score 2 lies outside the range of BTS"),
        ("source,target,score\nspa,cat,40\n", "row 2: score 40 lies outside the range of BTS"),
        ("source,target,score\ncat,cat,0.9\n", "the card defines it as 1"),
        ("source,target,score,stderr\nspa,cat,0.1,-1\n", "row 2: stderr '-1': expected"),
        ("source,target,score,status\nspa,cat,0.1,real\n", "row 2: status 'real': expected"),
        ("source,target,score\nspa,cat,0.1\nes,ca,0.1\n", "row 3: spa -> cat stands already in"),
        ('source,target,score\n"spa,cat,0.1\n', "is broken in line"),
        (b"PK\x03\x04\x00\x00", "Excel workbook"),
        (b"\xff\xfes\x00", "is not UTF-8 text"),
        (",cat,spa\ncat,1,0.3\n", "the card does not say what its rows are"),
        ("cat\n1\n", "the card does not say what its rows are"),
    ],
)
def test_refusals(table: str | bytes, words: str):
    assert words in refusal(table)


def test_a_corner_that_contradicts_the_card():
    words = refusal("target,cat,spa\ncat,1,0\nspa,0,1\n", MATRIX_CARD + "rows: source\n")
    assert "the corner of the table says 'target' and the card 'rows: source'" in words


def test_an_unknown_row_of_a_square_table_is_named_once():
    words = refusal(",cat,spa\ncat,1,0\nxxq,0,1\n", MATRIX_CARD + "rows: source\n")
    assert words.count("'xxq'") == 1


def test_a_missing_diagonal_is_named_where_the_card_expects_it():
    card = MATRIX_CARD.replace("metric: BTS", "metric: accuracy\ndirection: higher is better")
    words = refusal("source,target,score\nspa,cat,40\ncat,cat,80\n", card)
    assert "missing diagonal: no score of spa on itself" in words
    assert "of cat on itself" not in words
    table = read("source,target,score\nspa,cat,40\n", card + "diagonal: none\n")
    assert math.isnan(score_of(table, "cat", "cat"))


def test_a_standard_error_has_to_come_from_somewhere():
    card = MATRIX_CARD.replace("stderr: {measured: 0.05, predicted: 0.2}\n", "")
    words = refusal("source,target,score\nspa,cat,0.4\ncat,spa,0.1\n", card)
    assert words.count("no standard error of measured scores: add a column stderr") == 1
    assert read("source,target,score,stderr\nspa,cat,0.4,0.1\n", card).stderr[1, 0] == 0.1


def test_what_is_not_called_measured_is_never_taken_for_it():
    card = MATRIX_CARD.replace("status: measured\n", "")
    words = refusal("source,target,score\nspa,cat,0.4\ncat,spa,0.3\ncat,cat,1\n", card)
    assert "2 of 3 pairs have no status: say which pairs are measured and which predicted" in words
    assert "a status column, or `status: measured` on the card" in words
    table = "source,target,score,status\nspa,cat,0.4,measured\ncat,spa,0.3,\n"
    assert "1 of 2 pairs have no status" in refusal(table, card)
    assert read(table.replace(",\n", ",predicted\n"), card).status[0, 1] == "predicted"


def test_a_score_that_no_metric_has():
    card = MATRIX_CARD.replace("metric: BTS", "metric: BLEU\ndirection: higher is better")
    words = refusal("source,target,score\nspa,cat,-2e6\ncat,spa,1e300\n", card)
    assert "row 2: score -2e+06 lies outside the range of any metric" in words
    assert "row 3: score 1e+300 lies outside" in words


def test_all_faults_come_at_once():
    with pytest.raises(DataError, match=r"table ours.csv has 5 faults") as caught:
        read("source,target,score\ncatalna,spa,0.1\nspa,cat,nan\nspa,cat,0.1\neng,cat\nfra,cat,9\n")
    rows = [fault.split(":")[0] for fault in caught.value.faults]
    assert sorted(rows) == ["row 2", "row 3", "row 4", "row 5", "row 6"]


def test_a_byte_order_mark_and_windows_lines_are_fine():
    table = read("\ufeffsource,target,score\r\nspa,cat,0.4\r\n".encode())
    assert score_of(table, "spa", "cat") == 0.4


def test_too_long_a_table():
    assert "at most 67,108,864 are read" in refusal(b"x" * (64 * 1024 * 1024 + 1))


@given(st.one_of(st.text(max_size=120).map(str.encode), st.binary(max_size=120)))
@settings(max_examples=150)
def test_junk_never_escapes_as_another_error(junk: bytes):
    for start in (b"", b"source,target,score\n", b"PAR1"):
        with pytest.raises(DataError):
            read(start + junk)


languages = st.sampled_from(["cat", "spa", "eng", "nan", "nob", "srp", "srp_Latn"])


@given(st.dictionaries(st.tuples(languages, languages), st.floats(-3, 1.9), min_size=1))
def test_the_shelf_gives_back_what_was_read(pairs: dict[tuple[str, str], float]):
    lines = [f"{a},{b},{score!r}" for (a, b), score in pairs.items() if a != b]
    if not lines:
        return
    table = read("\n".join(["source,target,score", *lines]))
    again = parse_scores(scores_csv(table), read_card(MATRIX_CARD))
    assert again.keys == table.keys
    for one, other in zip(again[1:3], table[1:3], strict=True):
        assert np.array_equal(one, other, equal_nan=True)
    assert np.array_equal(again.status, table.status)
    assert scores_csv(again) == scores_csv(table)
