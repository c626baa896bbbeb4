"""Readers: every format, and every fault told by name with the rest still read."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest
from corpus_samples import CATALAN, RUSSIAN, counted, wet, write_jsonl

from atlasmix.audit.corpus.labels import Label, label_of
from atlasmix.audit.corpus.listing import list_corpus
from atlasmix.audit.corpus.records import LONGEST_LINE, read_records
from atlasmix.errors import DataError

LINES = "".join(json.dumps({"text": f"{CATALAN} {n}", "language": "ca"}) + "\n" for n in range(50))


def texts_of(path: Path) -> tuple[list[str], list[tuple[str, str]]]:
    faults: list[tuple[str, str]] = []
    read = [
        each.text for each in read_records(path, lambda kind, place: faults.append((kind, place)))
    ]
    return read, faults


def fifty() -> list[str]:
    return [f"{CATALAN} {n}" for n in range(50)]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.ndjson", "a.JSONL"])
def test_json_lines(tmp_path, name):
    (tmp_path / name).write_text(LINES)
    assert texts_of(tmp_path / name) == (fifty(), [])


def test_gzip_of_several_members(tmp_path):
    """A reader that stops after the first member, as a naive one does, reads half."""
    half = LINES.index("\n", len(LINES) // 2) + 1
    members = gzip.compress(LINES[:half].encode()) + gzip.compress(LINES[half:].encode())
    (tmp_path / "a.jsonl.gz").write_bytes(members)
    assert texts_of(tmp_path / "a.jsonl.gz") == (fifty(), [])


@pytest.mark.parametrize("ending", ["zst", "zstd"])
def test_zstandard_of_several_frames(tmp_path, ending):
    zstandard = pytest.importorskip("zstandard", reason="zstandard is in the extra audit")
    half = LINES.index("\n", len(LINES) // 2) + 1
    frames = zstandard.compress(LINES[:half].encode()) + zstandard.compress(LINES[half:].encode())
    (tmp_path / f"a.jsonl.{ending}").write_bytes(frames)
    assert texts_of(tmp_path / f"a.jsonl.{ending}") == (fifty(), [])


@pytest.mark.parametrize("packing", ["gz", "zst"])
def test_what_is_cut_in_the_middle_is_read_up_to_there(tmp_path, packing):
    if packing == "gz":
        packed = gzip.compress(LINES.encode(), 1)
    else:
        zstandard = pytest.importorskip("zstandard", reason="zstandard is in the extra audit")
        lines = [line.encode() for line in LINES.splitlines(keepends=True)]
        packed = b"".join(map(zstandard.compress, lines))
    path = tmp_path / f"a.jsonl.{packing}"
    path.write_bytes(packed[: len(packed) - len(packed) // 4])
    read, faults = texts_of(path)
    assert 0 < len(read) < 50
    assert read == fifty()[: len(read)]
    assert "it ends in the middle" in faults[0][0]


def test_damage_in_the_middle_of_a_packed_file_is_told(tmp_path):
    packed = bytearray(gzip.compress(os.urandom(50_000).hex().encode()))
    packed[len(packed) // 2] ^= 0xFF
    (tmp_path / "a.txt.gz").write_bytes(bytes(packed))
    _, faults = texts_of(tmp_path / "a.txt.gz")
    assert any("it is damaged" in kind for kind, _ in faults)


def test_one_bad_line_costs_one_line(tmp_path):
    lines = LINES.encode().splitlines(keepends=True)
    lines[3] = b'{"text": "\xff\xfe"}\n'
    lines[5] = b'{"text": \n'
    lines[7] = b'{"body": "elsewhere"}\n'
    lines[9] = b"[1, 2]\n"
    lines[11] = b"\n"
    (tmp_path / "a.jsonl").write_bytes(b"".join(lines))
    read, faults = texts_of(tmp_path / "a.jsonl")
    assert len(read) == 45
    assert [place for _, place in faults] == ["line 4", "line 6", "line 8", "line 10"]
    assert "not UTF-8" in faults[0][0]
    assert "no JSON" in faults[1][0]
    assert "no text under text, content" in faults[2][0]


def test_a_line_of_100_mb_is_left_out_and_the_next_one_is_read(tmp_path):
    with (tmp_path / "a.jsonl").open("wb") as file:
        file.write(b'{"text": "before"}\n{"text": "')
        for _ in range(100):
            file.write(b"a " * 500_000)
        file.write(b'"}\n{"text": "after"}\n')
    read, faults = texts_of(tmp_path / "a.jsonl")
    assert read == ["before", "after"]
    assert faults == [(f"longer than {LONGEST_LINE // 2**20} MiB, left out", "line 2")]


def test_a_last_line_that_is_too_long_is_told(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "x"}\n' + b"a" * (LONGEST_LINE + 5))
    assert texts_of(tmp_path / "a.jsonl")[1][0][1] == "line 2"


def test_an_empty_file(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b"")
    assert texts_of(tmp_path / "a.jsonl") == ([], [("the file is empty", "")])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_told_and_never_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.jsonl")
    read, faults = texts_of(tmp_path / "a.jsonl")
    assert read == []
    assert "named pipe" in faults[0][0]


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no devices")
def test_a_link_to_a_device_is_told_and_not_read(tmp_path):
    (tmp_path / "a.jsonl").symlink_to("/dev/zero")
    assert "device" in texts_of(tmp_path / "a.jsonl")[1][0][0]


def test_a_link_to_nowhere_is_told(tmp_path):
    (tmp_path / "a.jsonl").symlink_to(tmp_path / "nothing")
    assert "cannot be read (No such file" in texts_of(tmp_path / "a.jsonl")[1][0][0]


def test_a_folder_without_permission_is_told_and_the_others_are_read(tmp_path, monkeypatch):
    write_jsonl(tmp_path / "open" / "a.jsonl", [CATALAN])
    write_jsonl(tmp_path / "shut" / "b.jsonl", [CATALAN])
    scandir = os.scandir

    def guarded(folder):  # a superuser may read what others may not
        if Path(folder).name == "shut":
            raise PermissionError(13, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", guarded)
    listing = list_corpus(tmp_path)
    assert [file.name for file in listing.files] == ["open/a.jsonl"]
    assert listing.faults == {"shut/": ("the folder cannot be read (Permission denied)",)}
    counts = counted(tmp_path)
    assert counts.faulty == 1
    assert sum(each.documents for each in counts.groups.values()) == 1


def test_links_that_lead_back_are_walked_once(tmp_path):
    write_jsonl(tmp_path / "a" / "x.jsonl", [CATALAN])
    (tmp_path / "a" / "back").symlink_to(tmp_path)
    names = [file.name for file in list_corpus(tmp_path).files]
    assert len(names) == len(set(names)) <= 2


def test_what_is_no_text_is_counted_by_its_ending(tmp_path):
    for name in ("README.md", "b.csv", "c.csv", "LICENSE", ".hidden.jsonl", "old.audit.json"):
        (tmp_path / name).write_text("x")
    listing = list_corpus(tmp_path)
    assert listing.files == ()
    assert listing.left == {".csv": 2, ".json": 1, ".md": 1, "none": 1}


def test_files_about_texts_are_no_texts(tmp_path):
    """Dolma's attributes beside its documents, and what Hugging Face writes beside its tables."""
    write_jsonl(tmp_path / "documents" / "a.jsonl", [CATALAN])
    (tmp_path / "attributes" / "tagger").mkdir(parents=True)
    (tmp_path / "attributes" / "tagger" / "a.jsonl").write_text('{"attributes": {}}')
    (tmp_path / "dataset_info.json").write_text('{\n"features": {}}')
    listing = list_corpus(tmp_path)
    assert [file.name for file in listing.files] == ["documents/a.jsonl"]
    assert listing.left == {".json": 1, ".jsonl": 1}
    write_jsonl(tmp_path / "other" / "attributes" / "b.jsonl", [CATALAN])
    assert len(list_corpus(tmp_path).files) == 2


def test_a_corpus_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match=r"no corpus .*: name a folder, or a file with texts"):
        list_corpus(tmp_path / "nothing")


def test_plain_text_is_one_document_and_bad_bytes_are_replaced(tmp_path):
    (tmp_path / "a.txt").write_bytes(CATALAN.encode() + b"\n\xff\xfe\n" + CATALAN.encode())
    read, faults = texts_of(tmp_path / "a.txt")
    assert len(read) == 1
    assert read[0].count("tothom") == 2
    assert faults == [("not UTF-8 in places, which were replaced", "line 2")]


def test_a_long_plain_text_is_cut_at_the_end_of_a_line(tmp_path):
    line = "a" * 999 + "\n"
    (tmp_path / "a.txt").write_text(line * 2500)
    read, _ = texts_of(tmp_path / "a.txt")
    assert len(read) == 3
    assert "".join(read) == line * 2500
    assert all(each.endswith("\n") for each in read)


def test_web_text(tmp_path):
    pytest.importorskip("fastwarc", reason="fastwarc is in the extra audit")
    content = wet([(CATALAN, "cat"), (RUSSIAN, "rus"), (CATALAN, "cat,spa")])
    (tmp_path / "CC-MAIN.warc.wet.gz").write_bytes(content)
    counts = counted(tmp_path)
    found = {label.language: each.documents for label, each in counts.groups.items()}
    assert found == {"cat": 1, "rus": 1, "und": 1}
    (tmp_path / "CC-MAIN.warc.wet.gz").write_bytes(content[: len(content) - 60])
    assert sum(each.documents for each in counted(tmp_path).groups.values()) >= 2


def test_parquet_of_several_row_groups(tmp_path):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "text": fifty(),
            "id": [str(n) for n in range(50)],
            "language": ["ca"] * 25 + ["ru"] * 25,
            "metadata": [{"provenance": {"origin": "synthetic", "kind": "mt", "generation": 1}}]
            * 50,
        }
    )
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=7)
    counts = counted(tmp_path)
    assert counts.faults == {}
    label = Label("cat", "synthetic", "translate", generation=1)
    assert counts.groups[label].documents == 25


def test_a_broken_parquet_is_told(tmp_path):
    pytest.importorskip("pyarrow")
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + b"\0" * 100 + b"PAR1")
    assert "no Parquet" in texts_of(tmp_path / "a.parquet")[1][0][0]


def test_arrow_files_of_hugging_face(tmp_path):
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"text": fifty()})
    with (
        pa.OSFile(str(tmp_path / "a.arrow"), "wb") as sink,
        pa.ipc.new_stream(sink, table.schema) as writer,
    ):
        writer.write_table(table, max_chunksize=9)
    assert texts_of(tmp_path / "a.arrow") == (fifty(), [])


def test_a_package_that_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fastwarc", None)
    (tmp_path / "a.wet").write_bytes(wet([(CATALAN, "cat")]))
    assert "pip install 'atlasmix[audit]'" in texts_of(tmp_path / "a.wet")[1][0][0]


DOLMA = {"id": "1", "text": "x", "source": "cc", "added": "", "metadata": {"language": "cat_Latn"}}


@pytest.mark.parametrize(
    ("record", "label"),
    [
        ({"text": "x"}, Label("und")),
        (DOLMA, Label("cat")),
        ({"text": "x", "language": "ru", "language_script": "Cyrl"}, Label("rus")),
        ({"text": "x", "lang": "sr", "script": "Latn"}, Label("srp_Latn")),
        ({"text": "x", "language": "ca", "generator": "gpt", "kind": "qa"}, Label("cat")),
        (
            {"text": "x", "language": "ca", "metadata": {"provenance": {"origin": "human"}}},
            Label("cat", "human", generation=0),
        ),
        (
            {
                "text": "x",
                "provenance": {
                    "origin": "synthetic",
                    "kind": "rephrased",
                    "generator": "m@1",
                    "generation": 2,
                    "source_lang": "en",
                    "decoding": {"top_p": 0.95, "temperature": 0.8},
                    "verified": {"by": "judge"},
                },
            },
            Label(
                "und",
                "synthetic",
                "rephrase",
                "m@1",
                2,
                "eng",
                "temperature 0.8, top_p 0.95",
                "judge",
            ),
        ),
        (
            {
                "text": "x",
                "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/"
                "trainedAlgorithmicMedia",
            },
            Label("und", "synthetic"),
        ),
    ],
)
def test_labels(record, label):
    """A record that names a generator and no origin stays unknown: nothing is guessed."""
    assert label_of(record) == (label, None)


@pytest.mark.parametrize(
    ("provenance", "origin", "fault"),
    [
        ({"origin": "persons"}, "unknown", "origin 'persons': expected human, human_edited"),
        ({"origin": "human", "generator": "gpt"}, "unknown", "beside a generator"),
        ({"origin": "human", "generation": 1}, "unknown", "beside a generator or generation"),
        ({"origin": "synthetic", "kind": "magic"}, "synthetic", "kind 'magic': expected rephrase"),
    ],
)
def test_what_contradicts_itself_is_never_human(provenance, origin, fault):
    label, told = label_of({"text": "x", "provenance": provenance})
    assert label.origin == origin
    assert fault in told


def test_provenance_of_an_inventory():
    expected = {
        Label("cat", "human"): "human",
        Label("cat", "human_edited"): "human_edited",
        Label("cat", "synthetic", "translate"): "translated",
        Label("cat", "synthetic", "rephrase"): "rephrased",
        Label("cat", "synthetic", "textbook"): "generated",
        Label("cat"): "unknown",
    }
    assert {label: label.provenance for label in expected} == expected


def test_the_folder_names_the_language_where_the_record_does_not(tmp_path):
    write_jsonl(tmp_path / "data" / "rus_Cyrl" / "a.jsonl", [RUSSIAN])
    write_jsonl(tmp_path / "data" / "b.jsonl", [RUSSIAN], language="mon")
    assert sorted(label.language for label in counted(tmp_path).groups) == ["khk", "rus"]


def test_a_cell_that_is_too_long_is_left_out(tmp_path):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    texts = ["before", "a " * (LONGEST_LINE // 2 + 5), "after"]
    pq.write_table(pa.table({"text": texts}), tmp_path / "a.parquet", compression="zstd")
    read, faults = texts_of(tmp_path / "a.parquet")
    assert read == ["before", "after"]
    assert faults == [("longer than 16 MiB, left out", "row group 1")]


@pytest.mark.parametrize("part", [1, 97, 1_000, 10**6])
def test_a_long_file_is_counted_by_parts_without_loss(tmp_path, monkeypatch, part):
    """Every line once, wherever a part begins: in a line, at its first or at its last byte."""
    lines = LINES.encode().splitlines(keepends=True)[:20]
    content = b"".join(lines)[:-1]  # the last line has no end
    (tmp_path / "a.jsonl").write_bytes(content)
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(content))
    monkeypatch.setattr("atlasmix.audit.corpus.listing.PART", part)
    files = list_corpus(tmp_path).files
    assert len(files) == 1 + -(-len(content) // part)
    read = [
        each.text
        for file in files[:-1]
        for each in read_records(file.path, lambda kind, place: pytest.fail(kind), file.span)
    ]
    assert read == fifty()[:20]
    assert sum(file.size for file in files[:-1]) == len(content)


def test_the_counts_of_parts_are_those_of_the_file(tmp_path, monkeypatch):
    write_jsonl(tmp_path / "a.jsonl", [*fifty(), *fifty()[:9]], language="ca")
    whole = counted(tmp_path)
    monkeypatch.setattr("atlasmix.audit.corpus.listing.PART", 1_500)
    parts = counted(tmp_path)
    assert len(parts.files) > 3
    assert parts.groups == whole.groups
    assert parts.packed_bytes == whole.packed_bytes
    (one,), (other,) = whole.streams.values(), parts.streams.values()
    assert one.types.counts.tolist() == other.types.counts.tolist()
    assert one.documents.counts.tolist() == other.documents.counts.tolist()
    assert one.registers.tolist() == other.registers.tolist()
