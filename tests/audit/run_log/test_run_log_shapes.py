"""Every shape of log that is read, and the sentences for those that are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from atlasmix.audit.run_log import read_log
from atlasmix.errors import DataError
from atlasmix.interop.trackers.consumed import Consumed

# In the words of Megatron-LM: arguments, build_blending_indices, training_log.
MEGATRON = """\
------------------------ arguments ------------------------
  global_batch_size ............................... 512
  seq_length ...................................... 8192
 > building indices for blended datasets ...
 > sample ratios:
   dataset 0, input: 0.85, achieved: 0.850013
   dataset 1, input: 0.15, achieved: 0.149987
 > sample ratios:
   dataset 0, input: 1, achieved: 1
 [2026-01-31 10:00:00] iteration      100/    5000 | consumed samples:        51200 | elapsed
 [2026-01-31 11:00:00] iteration      200/    5000 | consumed samples:       102400 | elapsed
"""


def read(tmp_path: Path, content: str, name: str = "log") -> Consumed:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return read_log(path)


@pytest.mark.parametrize(
    "content",
    [
        "source,tokens\na,30\nb,10\n",
        'pool,consumed_tokens,note\na,30,x\nb,"10",y\n',
        "step,source,tokens\n1,a,3\n1,b,1\n2,a,30\n2,b,10\n",
        '{"source": "a", "tokens": 30}\n{"source": "b", "tokens": 10}\n',
        '{"_step": 1, "tokens/a": 3, "loss": 2.1}\n{"_step": 2, "tokens/a": 30, "tokens/b": 10}\n',
        '{"_step": 2, "train/tokens/a": 30, "train/tokens/b": 10}\n{"_step": 3, "loss"',
        '{"_step": 2, "tokens.a": 30, "tokens.b": 10}\n',
    ],
    ids=["csv", "aliases", "steps", "objects", "wandb", "cut off", "dots"],
)
def test_tables_and_lines(tmp_path: Path, content: str) -> None:
    found = read(tmp_path, content)
    assert dict(found.amounts) == {"a": 30, "b": 10}
    assert found.unit == "tokens"


def test_the_last_step_is_told(tmp_path: Path) -> None:
    assert read(tmp_path, "step,source,samples\n7,a,3\n5,a,2\n").step == 7
    assert dict(read(tmp_path, "step,source,samples\n7,a,3\n5,a,2\n").amounts) == {"a": 3}


def test_names_with_slashes_stay_whole(tmp_path: Path) -> None:
    found = read(tmp_path, '{"samples/hplt-3.0/gle_Latn": 5}\n')
    assert dict(found.amounts) == {"hplt-3.0/gle_Latn": 5}
    assert found.unit == "samples"


def test_megatrons_own_output(tmp_path: Path) -> None:
    found = read(tmp_path, MEGATRON)
    assert found.form == "megatron"
    assert dict(found.amounts) == pytest.approx({"0": 0.850013 * 102400, "1": 0.149987 * 102400})
    assert (found.samples, found.sequence_length, found.step) == (102400, 8192, 200)
    assert any("2 blends are listed" in note for note in found.notes)


def test_parquet(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    path = tmp_path / "log.parquet"
    pq.write_table(pa.table({"source": ["a", "b"], "tokens": [30, 10]}), path)
    assert dict(read_log(path).amounts) == {"a": 30, "b": 10}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("a,b\n1,2\n", "expected one of source, pool"),
        ("source,tokens\na,many\n", "row 2: 'many': expected a number of tokens"),
        ("source,tokens\na,-1\n", "row 2: '-1'"),
        ("source,tokens\na,1\na,2\n", "row 3: a stands there twice, and no step says"),
        ("source,tokens\n,1\n", "row 2: no source"),
        ('{"loss": 1}\n', "amounts by source in none"),
        ('{"tokens/a": 1, "samples/a": 1}\n', "amounts by source in samples and tokens"),
        ('{"tokens/a": 1}\nhello\n{"tokens/a": 2}\n', "line 2: no JSON object"),
        (" iteration 1/ 5 | consumed samples: 5 |\n", "has no lines 'dataset 0, input"),
        ("   dataset 0, input: 1, achieved: 1\n", "has no lines 'iteration 100/500"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(DataError) as refused:
        read(tmp_path, content)
    assert said in str(refused.value)


LINE = " iteration  100/ 500 | consumed samples:  51200 | x |\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("source,tokens\na,1e400\n", "expected a number of tokens from 0 to 1e\\+18"),
        ("source,tokens\na,1e300\nb,1e300\n", "expected a number of tokens from 0 to 1e\\+18"),
        ("source,tokens\na,nan\n", "expected a number of tokens from 0"),
        (f"dataset 0, input: 1, achieved: 1e400\n{LINE}", "expected a share of 0 to 1"),
        (f"dataset 0, input: 1, achieved: -0.5\n{LINE}", "expected a share of 0 to 1"),
        (f"dataset 0, input: 1, achieved: nan\n{LINE}", "expected a share of 0 to 1"),
        (f"dataset 0, input: 1, achieved: 1e\n{LINE}", "expected a share of 0 to 1"),
        (
            f"dataset 0, input: 1, achieved: 1\n{LINE.replace('51200', '9' * 5000)}",
            "has no lines 'iteration",
        ),
    ],
)
def test_amounts_that_no_run_has_are_refused(tmp_path: Path, content: str, said: str) -> None:
    """Shares of them were nan, or a fault of ours."""
    path = tmp_path / "log"
    path.write_text(content)
    with pytest.raises(DataError, match=said):
        read_log(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("step,source,tokens\n1,a,9\n2,a,8\n", "a falls from 9 in step 1 to 8 in step 2"),
        ("step,source,tokens\n2,a,8\n1,a,9\n", "a falls from 9 in step 1 to 8 in step 2"),
        ("step,source,tokens\n1,a,9\n2,a,9\n1,b,5\n2,b,5\n", "no total grows"),
        ("step,source,tokens\n1,a,9\n1,a,8\n", "a has 8 and 9 in step 1: keep one"),
        ('{"_step": 1, "tokens/a": 9}\n{"_step": 2, "tokens/a": 8}\n', "add them up"),
    ],
)
def test_amounts_a_step_are_no_totals(tmp_path: Path, content: str, said: str) -> None:
    """Increments were taken for totals: the last step's batch passed for the whole run."""
    with pytest.raises(DataError, match=said):
        read(tmp_path, content)


def test_rows_in_any_order_say_the_same(tmp_path: Path) -> None:
    rows = [
        f"{step},{name},{step * size}" for step in (1, 2, 3) for name, size in (("a", 3), ("b", 1))
    ]
    there = read(tmp_path, "\n".join(["step,source,tokens", *rows]) + "\n")
    back = read(tmp_path, "\n".join(["step,source,tokens", *rows[::-1]]) + "\n")
    assert dict(there.amounts) == dict(back.amounts) == {"a": 9, "b": 3}
    assert there.step == back.step == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("source,pool,tokens\na,b,1\n", "source, pool, and each may be its source"),
        ("source,tokens,consumed_tokens\na,1,2\n", "tokens, consumed_tokens, and each may be"),
        ("source,tokens,Tokens\na,1,2\n", "tokens, tokens, and each may be"),
    ],
)
def test_a_column_that_may_be_one_of_two_is_asked_about(
    tmp_path: Path, content: str, said: str
) -> None:
    with pytest.raises(DataError, match=said):
        read(tmp_path, content)


def test_columns_of_another_name_are_named(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("corpus,tokens,tok\na,1,30\nb,2,10\n")
    found = read_log(path, {"source": "corpus", "tokens": "Tok"})
    assert (dict(found.amounts), found.unit) == ({"a": 30, "b": 10}, "tokens")


def test_numbers_are_read_as_options_are(tmp_path: Path) -> None:
    assert dict(read(tmp_path, 'source,tokens\na,1.5B\nb,"1,000"\n').amounts) == {
        "a": 1.5e9,
        "b": 1000,
    }
    with pytest.raises(DataError, match="decimals take a point"):
        read(tmp_path, 'source,tokens\na,"1,5e9"\n')


def test_a_byte_that_is_no_text_costs_one_line_and_not_the_log(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"\xff\xfe broken\n" + MEGATRON.encode() + b"\x80\n")
    found = read_log(path)
    assert found.step == 200
    assert "2 lines with bytes that are no UTF-8" in found.notes[-1]


@pytest.mark.parametrize(
    "line",
    [
        " iteration" + " " * 60_000 + "\n",
        " iteration 1/ 5 | " * 20_000 + "\n",
        "dataset 0, input: " + "1" * 60_000 + "\n",
        " iteration 1/ 5 | consumed samples:" + " " * 60_000 + "\n",
        "seq_length " + "." * 60_000 + "\n",
    ],
)
def test_long_lines_cost_no_more_than_their_length(tmp_path: Path, line: str) -> None:
    """Regular expressions that backtracked took minutes for each of these."""
    assert read(tmp_path, line * 20 + MEGATRON).step == 200


def test_a_line_without_an_end_is_read_in_part(tmp_path: Path) -> None:
    found = read(tmp_path, MEGATRON + "x" * (3 * 1024 * 1024))
    assert found.step == 200
    assert "1 line of over a MiB" in found.notes[-1]
