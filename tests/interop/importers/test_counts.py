"""Counts as teams keep them: numbers, columns and units by a stated rule, or asked about."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_framework_files import read

from atlasmix.errors import AtlasMixError, DataError, ProblemError
from atlasmix.interop.importers.counts import Count, indexed, read_counts
from atlasmix.quantities import header_unit, read_quantity


def counted(tmp_path: Path, content: str, **columns: str) -> dict[str, float]:
    path = tmp_path / "counts.csv"
    path.write_text(content, encoding="utf-8")
    return {
        "/".join(words): count.tokens
        for words, count in read_counts(path, columns=columns).exact.items()
    }


@pytest.mark.parametrize(
    ("written", "tokens"),
    [
        ("1.5B", 1.5e9),
        ("1.5e9", 1.5e9),
        ('"1,500,000,000"', 1.5e9),
        ("1 500 000 000", 1.5e9),
        ("1'500'000'000", 1.5e9),
        ("1\u202f500\u202f000\u202f000", 1.5e9),
        ("  1.5B  ", 1.5e9),
        ("0", 0.0),
    ],
)
def test_a_number_is_read_as_options_read_it(tmp_path: Path, written: str, tokens: float) -> None:
    assert counted(tmp_path, f"prefix,tokens\nx,{written}\n") == {"x": tokens}


@pytest.mark.parametrize(
    "written",
    [
        '"1,5e9"',
        '"1,5B"',
        '"15,00"',
        "1__0",
        "nan",
        "inf",
        "1e400",
        "9" * 5000,
        "-1",
        "0x10",
        "1.5.5",
    ],
)
def test_any_other_number_is_refused_with_its_row(tmp_path: Path, written: str) -> None:
    """1,5e9 became fifteen billion."""
    with pytest.raises(DataError, match="row 2: tokens"):
        counted(tmp_path, f"prefix,tokens\nx,{written}\n")


@pytest.mark.parametrize(
    ("header", "factor"),
    [
        ("B tokens", 1e9),
        ("tokens (B)", 1e9),
        ("Tokens [millions]", 1e6),
        ("tokens_T", 1e12),
        ("tokens", 1.0),
        ("n_tokens", 1.0),
        ("tokens bio", 1.0),
    ],
)
def test_a_header_that_says_its_unit_is_believed(
    tmp_path: Path, header: str, factor: float
) -> None:
    assert read_quantity(f"1{header_unit(header)}") == factor
    found = counted(tmp_path, f" prefix , {header} \nx, 2000 \n", tokens=header)
    assert found == {"x": 2000 * factor}


def test_a_unit_that_is_said_twice_is_asked_about(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="in units of B"):
        counted(tmp_path, "prefix,B tokens\nx,1.5B\n", tokens="B tokens")


@pytest.mark.parametrize(
    ("header", "columns", "said"),
    [
        ("prefix,path,tokens", {}, "prefix, path, and each may be its prefix"),
        ("prefix,tokens,Tokens", {}, "tokens, Tokens, and each may be its tokens"),
        ("name,dataset,part,tokens", {}, "has name, and dataset and part"),
        ("x,train tokens", {}, "say for example tokens=train tokens"),
        ("prefix,tokens", {"tokens": "Tokns"}, "did you mean tokens?"),
    ],
)
def test_a_column_that_may_be_one_of_two_is_asked_about(
    tmp_path: Path, header: str, columns: dict[str, str], said: str
) -> None:
    with pytest.raises(AtlasMixError) as refused:
        counted(tmp_path, f"{header}\n{','.join('1' * (header.count(',') + 1))}\n", **columns)
    assert said in str(refused.value)


def test_columns_are_named_of_a_table_alone(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text('{"x": 1}')
    with pytest.raises(ProblemError, match="is no table"):
        read_counts(path, columns={"tokens": "x"})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"x": 5, "x": 6}', "has the key 'x' twice"),
        ('{"/x": 5, "x_text_document": 6}', "are one path; keep one"),
        ('{"x": {"tokens": "1,5"}}', "decimals take a point"),
        ('{"x": 1' + "0" * 5000 + "}", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ('{"x": NaN}', "x: no number of tokens"),
    ],
)
def test_a_mapping_says_each_thing_once(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "c.json"
    path.write_text(content)
    with pytest.raises(DataError, match=said):
        read_counts(path)


def test_one_count_for_two_prefixes_is_asked_about(tmp_path: Path) -> None:
    """gle_Latn alone was the count of every corpus that has Irish."""
    path = tmp_path / "c.csv"
    path.write_text("prefix,tokens\ncat_Latn,1000\n")
    text = "1 /h/cat_Latn\n1 /f/cat_Latn\n"
    with pytest.raises(DataError, match="cat_Latn would be the count of /h/cat_Latn, /f/cat_Latn"):
        read(tmp_path, "megatron", text, counts=path)
    path.write_text("prefix,tokens\nh/cat_Latn,1000\nf/cat_Latn,2000\n")
    found = read(tmp_path, "megatron", text, counts=path)
    assert sorted(pool.unique_tokens for pool in found.pools) == [1000, 2000]


OLMO = """\
sources:
- {source_name: cat_Latn, target_ratio: 1.0, max_repetition_ratio: 2,
   paths: [b/cat/part-0.npy, b/cat/part-1.npy]}
"""


def test_every_path_of_a_source_counts(tmp_path: Path) -> None:
    """The first alone did: one billion of ten, and an alarm of five epochs."""
    path = tmp_path / "c.csv"
    path.write_text("prefix,tokens\nb/cat/part-0.npy,1B\nb/cat/part-1.npy,9B\n")
    assert read(tmp_path, "olmo-core", OLMO, counts=path).pools[0].unique_tokens == 1e10
    # Of a source that is counted in part nobody knows how much there is.
    path.write_text("prefix,tokens\nb/cat/part-0.npy,1B\n")
    assert read(tmp_path, "olmo-core", OLMO, counts=path).pools[0].unique_tokens is None
    # A pattern of files is what lies in their folder.
    path.write_text("prefix,tokens\nb/cat/part-0.npy,1B\nb/cat/part-1.npy,9B\n")
    wild = OLMO.replace("b/cat/part-0.npy, b/cat/part-1.npy", "/x/b/cat/*.npy")
    assert read(tmp_path, "olmo-core", wild, counts=path).pools[0].unique_tokens == 1e10


@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=30))
def test_counts_split_over_any_number_of_files_are_one_sum(sizes: list[int]) -> None:
    exact = {("b", "cat", f"part-{n}"): Count(float(size)) for n, size in enumerate(sizes)}
    counts = indexed(exact, "c")
    paths = [f"/d/b/cat/part-{n}" for n in range(len(sizes))]
    whole = counts.of_each({"cat_Latn": paths})["cat_Latn"]
    folder = counts.of("/d/b/cat")
    assert whole is not None
    assert folder is not None
    assert whole.tokens == folder.tokens == sum(sizes)
