"""The server as a visitor reaches it: what it opens, whom it asks, lets in, and how it is held."""

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from browsers import EXPLORE, descendants, served
from explorer.memory import MOST_MEMORY
from explorer.uploads import TABLE
from guests import Guest
from references import spellings
from test_packing import CARD
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from atlasmix.evidence.overlay import Overlay
from atlasmix.io.shipped import explorer_script
from atlasmix.mixture.solve import solve
from atlasmix.problem.parsing import problem_from_mapping
from atlasmix.recipe.file import dump_recipe
from atlasmix.recipe.recipe import make_recipe

STREAMLIT = (sys.executable, "-m", "streamlit", "run", str(explorer_script()))
WATCHING = str(Path(__file__).parent / "watched")
LOOPBACK = ("127.0.0.1", "::1", "localhost", "/")


@contextlib.contextmanager
def watched(folder, *words):
    """A server that is watched: (its address, process, the notes of what it did)."""
    notes = folder / "notes.txt"
    environment = {
        "PYTHONPATH": os.pathsep.join([WATCHING, os.environ.get("PYTHONPATH", "")]),
        "ATLASMIX_TEST_NOTES": str(notes),
        "ATLASMIX_TEST_WATCHED": str(folder / "host"),
        "ATLASMIX_EXPLORER_SECONDS": "60",
    }
    folder.joinpath("host").mkdir()
    port = "--server.port" if words[0:4] == STREAMLIT[0:4] else "--port"
    with (
        (folder / "log.txt").open("wb") as log,
        served(folder, *words, port, log=log, **environment) as (process, address),
    ):
        yield address, process, notes


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((*EXPLORE, "--address", "0.0.0.0"), id="explore"),
        pytest.param((*STREAMLIT, "--server.headless", "true"), id="streamlit"),
    ],
)
def running(request, tmp_path_factory):
    """The explorer by its own command, and by Streamlit's from a clone; both with no address that
    the server could take for its own without asking."""
    with watched(tmp_path_factory.mktemp("running"), *request.param) as it:
        yield it


def opened(notes):
    return [line for line in _lines(notes) if line.startswith("open ")]


def asked(notes):
    return [
        line
        for line in _lines(notes)
        if line.startswith("socket.") and not any(f"'{host}" in line for host in LOOPBACK)
    ]


def _lines(notes):
    return notes.read_text().splitlines() if notes.exists() else []


def test_a_foreign_page_is_refused_at_once_and_nobody_is_asked(running):
    """Streamlit would ask a host on the internet for its own address before it refuses."""
    address, _, notes = running
    stream = f"{address.replace('http', 'ws', 1)}/_stcore/stream"
    for origin in (
        "http://evil.example",
        "https://evil.example:8501",
        "null",
        "http://[",
        "https://localhost.evil.example",
        "http://evil.example#@localhost",
    ):
        with (
            pytest.raises(InvalidStatus, match="403"),
            connect(stream, origin=origin, subprotocols=["streamlit"]),
        ):
            pass
    for origin in (address, "http://localhost:3000", None):
        with connect(stream, origin=origin, subprotocols=["streamlit"]):
            pass  # let in
    assert asked(notes) == []


def test_a_visit_asks_nobody_else(running):
    """Neither the start of the server nor a question, a page or a worker."""
    address, _, notes = running
    with Guest(address) as guest:
        assert "Read 100B tokens" in guest.go(q="{targets: {cat: 1}}")
        for page in ("transfer", "capacity", "evidence", "scenarios", "report", "recipes"):
            assert guest.go(page)
    assert asked(notes) == []


def test_the_notes_would_show_a_call(tmp_path):
    """Without this the tests above would pass whatever the server does."""
    notes = tmp_path / "notes.txt"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([WATCHING, os.environ.get("PYTHONPATH", "")]),
        "ATLASMIX_TEST_NOTES": str(notes),
        "ATLASMIX_TEST_WATCHED": str(tmp_path),
    }
    code = (
        "import contextlib, socket, pathlib\n"
        "with contextlib.suppress(OSError): socket.getaddrinfo('calls.example', 80)\n"
        "with contextlib.suppress(OSError):\n"
        "    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 1))\n"
        f"pathlib.Path({str(tmp_path / 'host.yaml')!r}).write_text('x')\n"
    )
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert len(asked(notes)) == 2
    assert len(opened(notes)) == 1


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for the tests that need only one; its folder ``host`` is watched."""
    folder = tmp_path_factory.mktemp("server")
    with watched(folder, *EXPLORE) as (address, process, notes):
        yield address, process, notes, spellings(folder / "host")


def bare(words):
    """What a page says, without what differs from visit to visit and without the name asked for."""
    lines = [line for line in words.splitlines() if not line.startswith("Solving: ")]
    return re.sub("[0-9a-f]{32}", "id", "\n".join(lines)).replace("secrex", "secret")


REFERENCES = {
    "matrix": "{targets: {cat: 1}, matrix: '%s'}",
    "inventory": "{targets: {cat: 1}, inventory: ['%s']}",
    "law": "{targets: {cat: 1}, law: '%s'}",
    "calibration": "{targets: {cat: 1}, calibration: '%s'}",
    "pool": "{targets: {cat: 1}, pools: {name: ['%s']}}",
    "corpus": "{targets: {cat: 1}, pools: {corpus: ['%s']}}",
    "guardrail": "{targets: {cat: 1}, guardrails: {spa: {slack: 5%%, reference: '%s'}}}",
    "guardrail in one text": "{targets: {cat: 1}, guardrails: {spa: '5%%:%s'}}",
}


@pytest.mark.parametrize("kind", REFERENCES)
def test_a_link_shows_nothing_of_a_file(server, kind):
    """No key of it, and not whether it is there."""
    address, _, notes, pairs = server
    for there, other in pairs:
        said = []
        for text in (there, other):
            with Guest(address) as guest:
                said.append(bare(guest.go(q=REFERENCES[kind] % text)))
        assert "This link was not opened" in said[0]
        assert said[0] == said[1]
        assert "stolen" not in said[0]
    assert opened(notes) == []


def recipe_text(**changes):
    problem = problem_from_mapping({"targets": "cat"}, Overlay("/nonexistent"))
    plain = yaml.safe_load(dump_recipe(make_recipe(problem, solve(problem))))
    return yaml.safe_dump({**plain, "question": {**plain["question"], **changes}}).encode()


def test_an_uploaded_recipe_shows_nothing_of_a_file(server):
    """Opened, checked, and set beside a published mixture."""
    address, _, notes, pairs = server
    there, other = pairs[0]
    for change in ("law", "guardrails"):
        said = []
        for text in (there, other):
            asked = {"law": text} if change == "law" else {"guardrails": {"spa": f"5%:{text}"}}
            with Guest(address) as guest:
                guest.go("recipes")
                guest.put("Recipe A", "A recipe file")
                words = guest.upload("Recipe (YAML)", "r.yaml", recipe_text(**asked))
                assert "files are not read here" in words
                words += guest.put("Recipe B", "A published mixture")
                words += guest.put("Mixture", there)  # no mixture of the list
                said.append(bare(words))
        assert said[0] == said[1]
        assert "stolen" not in said[0]
    assert opened(notes) == []


def bombs():
    """Small files that unpack to more than a worker may hold, by what makes them small."""
    long = "x" * 1_000_000
    tables = {
        "one text in a dictionary": (pa.array([long] * 3000), {}),
        "texts that begin alike": (
            pa.array([f"{long}{number}" for number in range(300)]),
            {"use_dictionary": False, "column_encoding": {"source": "DELTA_BYTE_ARRAY"}},
        ),
        "texts that compress": (pa.array([long] * 300), {"use_dictionary": False}),
        "bytes of one length": (pa.array([long.encode()] * 300, pa.binary(len(long))), {}),
        "lists": (pa.array([[1] * 10_000_000]), {}),
        "nothing, often": (pa.nulls(30_000_000, pa.string()), {}),
    }
    for name, (column, options) in tables.items():
        file = io.BytesIO()
        pq.write_table(pa.table({"source": column}), file, compression="zstd", **options)
        yield name, file.getvalue()


def test_a_small_upload_that_unpacks_to_gigabytes_is_refused(server):
    """1,176 bytes took 2.4 GB; what is read is bounded before it is made."""
    address, process, _, _ = server
    for name, content in bombs():
        assert len(content) < 100_000, name
        with Guest(address) as guest:
            guest.go("evidence")
            guest.put("section", "Your own tables")
            guest.upload(TABLE, "t.parquet", content, run=False)
            guest.upload("Card (YAML)", "c.yaml", CARD, run=False)
            said = guest.press("Check and add")
        assert any(word in said for word in ("unpack", "packed", "lists", "cells")), (name, said)
    for worker in descendants(process.pid, "worker.py"):
        assert _most(worker, "VmHWM") < MOST_MEMORY / 2


@pytest.mark.skipif(sys.platform != "linux", reason="address space is bounded on Linux")
def test_every_worker_has_a_limit_of_memory(server):
    """What no other bound sees stops there."""
    _, process, _, _ = server
    workers = list(descendants(process.pid, "worker.py"))
    assert workers
    for worker in workers:
        limits = Path(f"/proc/{worker}/limits").read_text().splitlines()
        (line,) = [line for line in limits if line.startswith("Max address space")]
        assert line.split()[3:5] == [str(MOST_MEMORY)] * 2
        assert _most(worker, "VmPeak") < MOST_MEMORY


def _most(process, key):
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))
