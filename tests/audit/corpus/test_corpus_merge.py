"""Parts of a corpus, however they were counted, merge to the same counts and the same report."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from corpus_samples import CATALAN, RUSSIAN, counted, documents, write_jsonl

from atlasmix.audit.corpus import corpus as corpus_module
from atlasmix.audit.corpus.audit_file import (
    Audit,
    counts_data,
    counts_from,
    merge_audits,
    read_audit,
    write_audit,
)
from atlasmix.audit.corpus.corpus import CountingPlan, count_corpus, shard_of
from atlasmix.audit.corpus.counts import Settings, merge_counts
from atlasmix.audit.corpus.inventory_table import write_inventory
from atlasmix.audit.corpus.listing import list_corpus
from atlasmix.audit.corpus.summary import summarise, summary_data
from atlasmix.errors import DataError
from atlasmix.evidence.store import Store

HUMAN = {"origin": "human"}
MADE = {
    "origin": "synthetic",
    "kind": "mt",
    "generator": "nllb@1",
    "generation": 1,
    "source_lang": "en",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Nine files of two languages and three origins, one of them faulty."""
    root = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(0)
    for number in range(7):
        texts = documents(rng, 40)
        said = {} if number % 3 == 0 else {"provenance": HUMAN if number % 3 == 1 else MADE}
        write_jsonl(root / f"{number}.jsonl", texts + texts[:3], language="ca", **said)
    write_jsonl(root / "sub" / "r.jsonl", [RUSSIAN] * 5 + [CATALAN], language="ru")
    (root / "bad.jsonl").write_bytes(b'{"text": "\xff"}\n{"text": "whole"}\n')
    (root / "notes.md").write_text("x")
    return root


@pytest.fixture(scope="module")
def whole(root):
    return counts_data(counted(root))


def shards(root, number):
    plan, listing = CountingPlan(workers=1), list_corpus(root)
    return [
        Audit("x", count_corpus(shard_of(listing, (i, number)), plan), None, (f"{i}/{number}",))
        for i in range(1, number + 1)
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3)))[1:])
def test_shards_merge_in_any_order(root, whole, order):
    parts = shards(root, 3)
    audit = merge_audits(parts[place] for place in order)
    assert counts_data(audit.counts) == whole
    assert audit.shards == ()


def test_more_shards_than_files_and_merges_of_merges(root, whole):
    parts = shards(root, 16)
    left, right = merge_audits(parts[5:]), merge_audits(parts[:5])
    assert left.shards == tuple(f"{i}/16" for i in range(6, 17))
    assert counts_data(merge_audits((left, right)).counts) == whole


def test_a_shard_outside_the_number_of_shards(root):
    with pytest.raises(DataError, match="shard 4/3: expected a number from 1 to 3"):
        shard_of(list_corpus(root), (4, 3))


def test_processes_change_nothing(root, whole):
    assert counts_data(count_corpus(list_corpus(root), CountingPlan(workers=3))) == whole


def test_an_audit_is_read_as_it_was_written(root, tmp_path):
    audit = Audit("x", counted(root), counted(root), ("2/8",))
    write_audit(tmp_path / "a.audit.json", audit)
    read = read_audit(tmp_path / "a.audit.json")
    assert counts_data(read.counts) == counts_data(audit.counts)
    assert counts_data(read.reference) == counts_data(audit.reference)
    told = (summary_data(summarise(replace(each, reference=None))) for each in (audit, read))
    assert next(told) == next(told)
    assert (read.corpus, read.shards) == ("x", ("2/8",))


def damaged(path, change):
    content = msgspec.json.decode(path.read_bytes())
    change(content)
    path.write_bytes(msgspec.json.encode(content))
    return path


@pytest.mark.parametrize(
    "change",
    [
        lambda audit: audit.pop("counts"),
        lambda audit: audit["counts"]["streams"][0].pop("registers"),
        lambda audit: audit["counts"]["streams"][0]["registers"].update(size=10**9),
        lambda audit: audit["counts"]["streams"][0]["registers"].update(size=3),
        lambda audit: audit["counts"]["streams"][0]["registers"].update(zlib="AAAA"),
        lambda audit: audit["counts"]["streams"][0]["types"]["counts"].update(type="float64"),
        lambda audit: audit["counts"]["streams"][0]["passages"].update(
            lengths=audit["counts"]["streams"][-1]["passages"]["lengths"]
        ),
        lambda audit: audit["counts"]["groups"][0].update(documents="many"),
        lambda audit: audit["counts"]["settings"].update(colour="red"),
    ],
)
def test_a_damaged_audit_is_refused(root, tmp_path, change):
    write_audit(tmp_path / "a.audit.json", Audit("x", counted(root)))
    path = damaged(tmp_path / "a.audit.json", change)
    with pytest.raises(DataError, match=r"a\.audit\.json is a damaged audit"):
        read_audit(path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"schema": "atlasmix/recipe/2"}', b"\xff"])
def test_another_file_is_no_audit(tmp_path, content):
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(DataError, match="is no audit: expected a file that 'atlasmix audit' wrote"):
        read_audit(tmp_path / "x.json")


def test_what_does_not_belong_together_is_refused(root):
    first, second, _ = shards(root, 3)
    with pytest.raises(DataError, match="3 files stand in two parts"):
        merge_audits((first, second, first))
    with pytest.raises(DataError, match="audits of 'x' and 'y': expected parts of one corpus"):
        merge_audits((first, replace(second, corpus="y")))
    other = replace(second.counts, settings=Settings(language="cat"))
    with pytest.raises(DataError, match=r"counted differently \(language 'und' and 'cat'\)"):
        merge_counts((first.counts, other))
    with pytest.raises(DataError, match="unlike references"):
        merge_audits(
            (replace(first, reference=first.counts), replace(second, reference=second.counts))
        )
    with pytest.raises(DataError, match="no audits to merge"):
        merge_audits(())


def test_a_run_goes_on_where_it_was_ended(root, whole, tmp_path, monkeypatch):
    """Files that are counted already are not opened again; those that changed are."""
    read = []
    count_file = corpus_module.count_file

    def watched(task):
        read.append(task.name)
        if len(read) == 5:
            raise KeyboardInterrupt
        return count_file(task)

    monkeypatch.setattr(corpus_module, "count_file", watched)
    plan = CountingPlan(workers=1, partials=tmp_path / "partials")
    with pytest.raises(KeyboardInterrupt):
        count_corpus(list_corpus(root), plan)
    before = set(read[:4])
    counts = count_corpus(list_corpus(root), plan)
    assert not before & set(read[5:])
    assert len(read) == 5 + 5
    assert counts_data(counts) == whole
    broken = next((tmp_path / "partials").iterdir())
    broken.write_text("{")
    os.utime(root / "0.jsonl", ns=(1, 1))
    read.clear()
    assert counts_data(count_corpus(list_corpus(root), plan)) == whole
    assert len(read) in (1, 2)
    assert "0.jsonl" in read
    other = replace(plan, settings=Settings(language="oci"))
    read.clear()
    with pytest.raises(KeyboardInterrupt):
        count_corpus(list_corpus(root), other)


def test_partials_hold_the_counts_of_one_file(root, tmp_path):
    plan = CountingPlan(workers=1, partials=tmp_path)
    counts = count_corpus(list_corpus(root), plan)
    parts = [
        counts_from(msgspec.json.decode(path.read_bytes())["counts"]) for path in tmp_path.iterdir()
    ]
    assert all(len(part.files) == 1 for part in parts)
    assert len(parts) == len(counts.files)


KILLED = """
import os, sys
from pathlib import Path
from atlasmix.audit.corpus.counting import FileTask, count_file
from atlasmix.audit.corpus.counts import Settings
from atlasmix.audit.corpus.engines import in_processes

def kernel(task):
    if task.name == "b.jsonl" or (task.name == "c.jsonl" and not os.path.exists("once")):
        open("once", "w").close()
        os.kill(os.getpid(), 9)
    return count_file(task)

if __name__ == "__main__":
    tasks = [FileTask(Path(name), name, Settings()) for name in ("a.jsonl", "b.jsonl", "c.jsonl")]
    for task, counts in in_processes(kernel, tasks, 2):
        print(task.name, counts is not None)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_a_process_that_is_killed_costs_its_file_alone(tmp_path):
    """One file kills every process that reads it, another only the first: a is read, c too."""
    for name in "abc":
        write_jsonl(tmp_path / f"{name}.jsonl", [CATALAN])
    (tmp_path / "killed.py").write_text(KILLED)
    run = subprocess.run(
        [sys.executable, "killed.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    told = dict(line.split() for line in run.stdout.splitlines())
    assert told == {"a.jsonl": "True", "b.jsonl": "False", "c.jsonl": "True"}, run.stderr


DASK = """
import os, signal, sys
from pathlib import Path
from distributed import LocalCluster
from atlasmix.audit.corpus.audit_file import Audit, write_audit
from atlasmix.audit.corpus.corpus import CountingPlan, count_corpus
from atlasmix.audit.corpus.listing import list_corpus

if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        first = next(iter(cluster.workers.values())).pid
        seen = []

        def advance(size):
            seen.append(size)
            if len(seen) == 2:
                os.kill(first, signal.SIGKILL)

        plan = CountingPlan(engine="dask", scheduler=cluster.scheduler_address)
        counts = count_corpus(list_corpus(Path(sys.argv[1])), plan, advance)
    write_audit(Path("dask.audit.json"), Audit("x", counts))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_a_dask_cluster_of_which_a_worker_is_killed_counts_the_same(root, whole, tmp_path):
    pytest.importorskip("distributed", reason="Dask is in the extra dask")
    (tmp_path / "cluster.py").write_text(DASK)
    run = subprocess.run(
        [sys.executable, "cluster.py", str(root)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert counts_data(read_audit(tmp_path / "dask.audit.json").counts) == whole


def test_a_scheduler_that_is_not_there(root, monkeypatch):
    pytest.importorskip("distributed", reason="Dask is in the extra dask")
    monkeypatch.setattr("atlasmix.processes._SCHEDULER_SECONDS", 0.5)
    plan = CountingPlan(engine="dask", scheduler="tcp://127.0.0.1:9")
    with pytest.raises(DataError, match=r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:9'"):
        count_corpus(list_corpus(root), plan)


def test_an_engine_that_is_none(root):
    with pytest.raises(DataError, match="no engine 'spark': expected loky or dask"):
        count_corpus(list_corpus(root), CountingPlan(engine="spark"))


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_an_audit_that_is_killed_in_the_middle_resumes(tmp_path, root):
    """The real command, ended by the system: what it had counted is not counted again."""
    rng = np.random.default_rng(1)
    for number in range(12):
        write_jsonl(tmp_path / "corpus" / f"{number:02d}.jsonl", documents(rng, 150), language="ca")
    words = ["audit", "corpus", "--output", "a.audit.json", "--partials", "kept", "--workers", "1"]
    command = [sys.executable, "-m", "atlasmix", *words]
    kept = tmp_path / "kept"
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as first:
        while first.poll() is None and not (
            kept.is_dir() and len(list(kept.glob("*.audit.json"))) >= 3
        ):
            time.sleep(0.01)
        first.kill()
    before = {path: path.stat().st_mtime_ns for path in kept.glob("*.audit.json")}
    done = subprocess.run([*command, "--json"], cwd=tmp_path, capture_output=True, check=True)
    assert json.loads(done.stdout)["total"]["documents"] == 12 * 150
    assert len(before) >= 3
    assert {path: path.stat().st_mtime_ns for path in before} == before
    fresh = counts_data(counted(tmp_path / "corpus"))
    assert counts_data(read_audit(tmp_path / "a.audit.json").counts) == fresh


def test_an_inventory_that_a_shelf_and_a_solve_take(root, tmp_path):
    audit = Audit("My Corpus v2", counted(root))
    summary = summarise(audit)
    files = write_inventory(tmp_path / "out", audit, summary)
    store = Store(str(tmp_path / "store"))
    inventory = store.inventory(store.add_inventory(files.table, files.card))
    pools = {pool.name: pool for pool in inventory.pools}
    assert set(pools) == {
        "cat.human.my-corpus-v2",
        "cat.translated.my-corpus-v2",
        "cat.unknown.my-corpus-v2",
        "rus.unknown.my-corpus-v2",
    }
    made = pools["cat.translated.my-corpus-v2"]
    assert (made.generator, made.generation, made.documents) == ("nllb@1", 1, 86)
    assert made.source_language == "eng"
    # Forty of 43 documents of each file are the first of their text.
    words = sum(g.figures.words for g in summary.groups if g.label.generator)
    assert made.unique_tokens == pytest.approx(words * 80 / 86, rel=0.01)
    assert pools["rus.unknown.my-corpus-v2"].unique_tokens < 1000
    assert files.left_out == 1


def test_several_generators_are_pools_apart(tmp_path):
    for name in ("m@1", "n@2"):
        said = {"origin": "synthetic", "kind": "rephrase", "generator": name}
        said |= {"decoding": {"temperature": 0.8}, "verified": {"by": "judge"}}
        said |= {"source_lang": "en"}  # which an inventory takes of translations alone
        write_jsonl(
            tmp_path / "c" / f"{name}.jsonl", [CATALAN * 9, name], language="ca", provenance=said
        )
    audit = Audit("c", counted(tmp_path / "c"))
    files = write_inventory(tmp_path / "out", audit, summarise(audit))
    store = Store(str(tmp_path / "store"))
    inventory = store.inventory(store.add_inventory(files.table, files.card))
    assert {(pool.corpus, pool.generator) for pool in inventory.pools} == {
        ("c", "m@1"),
        ("c-2", "n@2"),
    }
    assert {(pool.decoding, pool.verified) for pool in inventory.pools} == {
        ("temperature 0.8", "judge")
    }


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes are Linux's")
def test_names_that_are_no_text_are_counted_told_and_written(tmp_path):
    """An escape code in a name or a generator would be obeyed by the terminal that shows it."""
    folder = tmp_path / "c"
    said = {"origin": "synthetic", "generator": "m\x1b[2J"}
    write_jsonl(folder / "a.jsonl", [CATALAN], language="ca", provenance=said)
    with open(os.fsencode(folder) + b"/\xff\x1b[2J.jsonl", "wb") as file:
        file.write(b"{}\n")
    plan = CountingPlan(workers=1, partials=tmp_path / "partials")
    audit = Audit("c", count_corpus(list_corpus(folder), plan))
    write_audit(tmp_path / "c.audit.json", audit)
    assert list(read_audit(tmp_path / "c.audit.json").counts.faults) == ["??[2J.jsonl"]
    (label,) = audit.counts.groups
    assert label.generator == "m[2J"
    assert counts_data(count_corpus(list_corpus(folder), plan)) == counts_data(audit.counts)


def test_partials_within_the_corpus_are_no_texts(tmp_path):
    write_jsonl(tmp_path / "a.jsonl", [CATALAN])
    plan = CountingPlan(workers=1, partials=tmp_path / "kept")
    first = counts_data(count_corpus(list_corpus(tmp_path), plan))
    again = counts_data(count_corpus(list_corpus(tmp_path), plan))
    assert {**again, "left": {}} == {**first, "left": {}}
