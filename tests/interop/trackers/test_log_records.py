"""Record framing against writers of our own, and files that nobody wrote in good faith."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlasmix.errors import AtlasMixError, DataError
from atlasmix.interop.trackers.records import (
    BrokenRecord,
    Damage,
    leveldb_records,
    message_fields,
    tfrecords,
)
from atlasmix.interop.trackers.run_folder import read_runs

BLOCK = 32 * 1024


def leveldb(records: list[bytes], start: int = 7) -> bytes:
    """A LevelDB log as its format description says: pieces within blocks, zeros at their ends."""
    out = bytearray(start)
    for record in records:
        left, first = record, True
        while first or left:
            room = BLOCK - len(out) % BLOCK
            if room < 7:
                out += bytes(room)
                room = BLOCK
            piece, left = left[: room - 7], left[room - 7 :]
            kind = {(True, True): 1, (True, False): 2, (False, True): 4, (False, False): 3}[
                first, not left
            ]
            checksum = zlib.crc32(bytes([kind]) + piece)
            out += struct.pack("<IHB", checksum, len(piece), kind) + piece
            first = False
    return bytes(out)


def read_leveldb(content: bytes) -> tuple[list[bytes], Damage]:
    damage = Damage()
    return list(leveldb_records(io.BytesIO(content[7:]), 7, damage)), damage


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3 * BLOCK), max_size=6), st.integers(0, 255))
def test_records_of_any_length_come_back(sizes: list[int], fill: int) -> None:
    """Kills an error by one at the end of a block, where 0 to 6 bytes are left empty."""
    records = [bytes([fill]) * size for size in sizes]
    read, damage = read_leveldb(leveldb(records))
    assert read == records
    assert damage.words == ""


def test_reading_goes_on_at_the_next_block() -> None:
    records = [bytes([number]) * 1000 for number in range(100)]
    content = bytearray(leveldb(records))
    content[BLOCK + 5000] ^= 1
    read, damage = read_leveldb(bytes(content))
    assert damage.broken == 1
    assert read[:32] == records[:32]
    assert read[-1] == records[-1]
    assert set(read) < set(records)


def test_a_known_checksum() -> None:
    """TFRecord's of eight zero bytes, as TensorFlow writes it for an empty record."""
    empty = bytes(8) + bytes.fromhex("29039807") + bytes.fromhex("d8ea82a2")
    damage = Damage()
    assert list(tfrecords(io.BytesIO(empty), damage)) == [b""]
    assert damage.words == ""


@given(st.binary(max_size=300))
def test_any_bytes_are_fields_or_broken(content: bytes) -> None:
    try:
        for number, value in message_fields(content):
            assert number >= 0
            assert isinstance(value, int | bytes)
    except BrokenRecord:
        pass


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["x.wandb", "events.out.tfevents.1", "x.db"]))
def test_a_file_of_noise_is_a_sentence(content: bytes, name: str) -> None:
    import tempfile

    head = {"x.wandb": b":W&B\xe1\xbe\x00", "x.db": b"SQLite format 3\x00"}.get(name, b"")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(head + content)
        try:
            runs, _ = read_runs([Path(folder)])
        except AtlasMixError:
            return
        assert all(not run.last for run in runs)


def test_a_record_that_says_it_is_endless(tmp_path: Path) -> None:
    """A length of 2^63 in the header, with its right checksum, is not believed."""
    from atlasmix.interop.trackers.records import _masked

    length = struct.pack("<Q", 2**63 - 5)
    (tmp_path / "events.out.tfevents.1").write_bytes(
        length + _masked(length).to_bytes(4, "little") + b"x"
    )
    runs, faults = read_runs([tmp_path])
    assert runs[0].last == {}
    assert faults == [f"run {tmp_path.name}: its log is cut off within a record"]


def test_a_database_is_read_without_a_trace_and_with_its_journal(tmp_path: Path) -> None:
    """Reading leaves no file; rows that a running writer holds in its journal are read."""
    path = tmp_path / "x.db"
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("CREATE TABLE metrics (run_name TEXT, step INTEGER, metrics TEXT)")
    writer.execute("""INSERT INTO metrics VALUES ('a', 1, '{"loss": 3.0}')""")
    writer.commit()
    writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    writer.execute("""INSERT INTO metrics VALUES ('a', 2, '{"loss": 2.0}')""")
    writer.commit()
    assert read_runs([path])[0][0].last == {"loss": (2.0, 2.0)}
    writer.close()
    assert [each.name for each in tmp_path.iterdir()] == ["x.db"]
    assert read_runs([path])[0][0].last == {"loss": (2.0, 2.0)}
    assert [each.name for each in tmp_path.iterdir()] == ["x.db"]


def test_a_view_is_no_table(tmp_path: Path) -> None:
    """A database whose metrics are computed for ever is not one of a tracker."""
    with sqlite3.connect(tmp_path / "x.db") as database:
        database.execute(
            "CREATE VIEW metrics AS WITH RECURSIVE n(run_name, step, metrics) AS "
            "(SELECT 'a', 1, '{}' UNION ALL SELECT 'a', step + 1, '{}' FROM n) SELECT * FROM n"
        )
    database.close()
    with pytest.raises(DataError, match="no log of a run in it"):
        read_runs([tmp_path])


def test_other_columns_than_a_trackers(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x.db") as database:
        database.execute("CREATE TABLE metrics (a, b)")
    database.close()
    with pytest.raises(DataError, match="no run of Trackio can be read") as refused:
        read_runs([tmp_path])
    assert "other columns than Trackio's" in str(refused.value)


def test_one_broken_file_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        state = {"global_step": 5, "max_steps": 5, "log_history": [{"step": 5, "eval_loss": 2.0}]}
        text = json.dumps(state) if name == "a" else json.dumps(state)[:40]
        (tmp_path / name / "trainer_state.json").write_text(text, encoding="utf-8")
    runs, faults = read_runs([tmp_path])
    assert [run.name for run in runs] == ["a"]
    assert faults == [
        "b: b/trainer_state.json is no whole state of a Trainer: expected its log_history; left out"
    ]


def test_a_deep_config_and_a_pipe(tmp_path: Path) -> None:
    """Neither a stack that overflows nor a pipe that is waited for."""
    deep = "[" * 100_000
    (tmp_path / "trainer_state.json").write_text(deep, encoding="utf-8")
    os.mkfifo(tmp_path / "events.out.tfevents.1")
    with pytest.raises(DataError, match="can be read"):
        read_runs([tmp_path])
