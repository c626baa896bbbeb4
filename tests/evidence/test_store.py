"""The store: found by name, added in one step or not at all."""

from __future__ import annotations

import errno
import hashlib
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from shelf_samples import INVENTORY_CARD, MATRIX_CARD, POOLS, SCORES, Write

from atlasmix.errors import DataError
from atlasmix.evidence.store import Store, default_location
from atlasmix.io.files import folder_beside


def add(store: Store, write: Write, name: str | None = "ours") -> str:
    return store.add_matrix(write("scores.csv", SCORES), write("card.yaml", MATRIX_CARD), name)


def everything_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_what_is_added_is_found(store: Store, write: Write):
    assert add(store, write) == "ours"
    matrix = store.matrix("ours")
    assert matrix.pair("spa", "cat").score == 0.4
    assert matrix.card.title == "A matrix of ours"
    assert dict(matrix.card.files)["scores.csv"] == matrix.sha256
    assert store.verify("ours") == ()
    names = {entry.name: entry.shipped for entry in store.list_matrices()}
    assert names["ours"] is False
    assert names["atlas-2025"] is True


def test_the_card_and_the_table_are_all_that_stays(store: Store, write: Write, tmp_path: Path):
    add(store, write)
    assert everything_in(tmp_path / "store") == {
        "transfer_matrices",
        "transfer_matrices/ours",
        "transfer_matrices/ours/card.yaml",
        "transfer_matrices/ours/scores.csv",
    }


def test_the_same_table_gives_the_same_bytes(write: Write, tmp_path: Path):
    stores = [Store(str(tmp_path / name)) for name in "ab"]
    for store in stores:
        add(store, write)
    for file in ("card.yaml", "scores.csv"):
        one, other = (tmp_path / name / "transfer_matrices/ours" / file for name in "ab")
        assert one.read_bytes() == other.read_bytes()


def test_an_inventory_is_added_and_removed(store: Store, write: Write):
    name = store.add_inventory(write("ours.csv", POOLS), write("card.yaml", INVENTORY_CARD))
    assert name == "ours"
    inventory = store.inventory("ours")
    assert [pool.language for pool in inventory.pools] == ["cat", "spa"]
    (entry,) = (entry for entry in store.list_inventories() if entry.name == "ours")
    assert (entry.size, entry.pools, entry.shipped) == (2, 2, False)
    assert store.verify("ours") == ()
    store.remove_inventory("ours")
    with pytest.raises(DataError, match="no inventory 'ours'"):
        store.inventory("ours")


def test_a_domain_matrix_goes_the_same_way(store: Store, write: Write):
    card = MATRIX_CARD + "axis: domain\nnames: [medical, biomedical]\n"
    table = write("scores.csv", "source,target,score\nbiomedical,medical,0.5\n")
    store.add_matrix(table, write("card.yaml", card), "domains")
    matrix = store.matrix("domains")
    assert matrix.keys == ("biomedical", "medical")
    with pytest.raises(DataError, match="has no domain 'medicl': the nearest are medical"):
        matrix.index("medicl")
    assert store.verify("domains") == ()


def test_removed_is_gone(store: Store, write: Write, tmp_path: Path):
    add(store, write)
    store.remove_matrix("ours")
    assert everything_in(tmp_path / "store") == {"transfer_matrices"}
    with pytest.raises(DataError, match=r"no matrix 'ours' in the store .*: nothing was removed"):
        store.remove_matrix("ours")


def test_a_name_is_taken_once(store: Store, write: Write):
    add(store, write)
    with pytest.raises(DataError, match=r"in the store .* already .*: remove it first or choose"):
        add(store, write)


@pytest.mark.parametrize("name", ["atlas-2025", "langrank-2019-mt"])
def test_what_ships_stays(store: Store, write: Write, name: str):
    with pytest.raises(DataError, match="ships with AtlasMix and is never changed"):
        add(store, write, name)
    with pytest.raises(DataError, match="ships with AtlasMix: it cannot be removed"):
        store.remove_matrix(name)


@pytest.mark.parametrize(
    "name", ["../x", "/etc", "A", "a/b", "", ".hidden", "x" * 65, "default", "a\n", "ours "]
)
def test_names_that_are_no_names(store: Store, write: Write, name: str, tmp_path: Path):
    if name:  # an empty name means: take the one of the card or file
        with pytest.raises(DataError, match="cannot be the name of a matrix"):
            add(store, write, name)
    if name != "default":
        with pytest.raises(DataError, match="no matrix"):
            store.matrix(name)
    with pytest.raises(DataError, match="no matrix"):
        store.remove_matrix(name)
    assert not (tmp_path / "store").exists()


def test_a_typo_is_suggested(store: Store):
    with pytest.raises(DataError, match="no matrix 'atlas-2024': did you mean atlas-2025"):
        store.matrix("atlas-2024")
    with pytest.raises(DataError, match="no inventory 'web-2025': did you mean web-2026"):
        store.inventory("web-2025")
    with pytest.raises(DataError, match="no matrix 'nothing-like-it'"):
        store.verify("nothing-like-it")


def test_a_table_with_faults_leaves_no_trace(store: Store, write: Write, tmp_path: Path):
    table = write("scores.csv", "source,target,score\nspa,cat,9\n")
    with pytest.raises(DataError, match=r"table scores.csv has 1 fault"):
        store.add_matrix(table, write("card.yaml", MATRIX_CARD))
    assert not (tmp_path / "store").exists()


def test_a_card_with_faults_is_refused(store: Store, write: Write):
    with pytest.raises(DataError, match="metric: missing"):
        store.add_matrix(write("s.csv", SCORES), write("card.yaml", "title: x\n"))
    with pytest.raises(DataError, match="kind: found 'token inventory', expected 'transfer matr"):
        store.add_matrix(
            write("s.csv", SCORES), write("c.yaml", MATRIX_CARD + "kind: token inventory\n")
        )


def test_absent_files(store: Store, write: Write, tmp_path: Path):
    with pytest.raises(DataError, match=r"no file .*absent.yaml: check the path"):
        store.add_matrix(write("s.csv", SCORES), tmp_path / "absent.yaml")
    with pytest.raises(DataError, match=r"no file .*absent.csv: check the path"):
        store.add_matrix(tmp_path / "absent.csv", write("c.yaml", MATRIX_CARD))
    with pytest.raises(DataError, match="is no plain file"):
        store.add_matrix(tmp_path, write("c.yaml", MATRIX_CARD), "ours")


@pytest.mark.parametrize("where", ["scores.csv", "card.yaml"])
@pytest.mark.parametrize("what", ["fsync", "write"])
def test_a_full_disk_leaves_no_trace(
    store: Store,
    write: Write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    what: str,
):
    from atlasmix.io import files

    original = files.write_new
    full = OSError(errno.ENOSPC, "No space left on device")

    def write_through(path: Path, content: bytes) -> None:
        if path.name == where:
            if what == "write":
                path.write_bytes(content[:10])
            raise full
        original(path, content)

    def fsync(_: int) -> None:
        raise full

    if what == "fsync":
        monkeypatch.setattr(os, "fsync", fsync)
    else:
        monkeypatch.setattr(files, "write_new", write_through)
    with pytest.raises(DataError, match=r"cannot be written .*No space left.*nothing was changed"):
        add(store, write)
    assert not (tmp_path / "store").exists()


def test_an_interrupt_leaves_no_trace(
    store: Store, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        add(store, write)
    assert not (tmp_path / "store").exists()


def test_a_store_that_may_not_be_written(
    store: Store, write: Write, monkeypatch: pytest.MonkeyPatch
):
    # Simulated: to root, who runs many a test, no folder is closed.
    table, card = write("scores.csv", SCORES), write("card.yaml", MATRIX_CARD)

    def forbid(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "mkdir", forbid)
    with pytest.raises(DataError, match=r"cannot be written .*Permission denied.*another folder"):
        store.add_matrix(table, card, "ours")


def test_a_file_in_the_way_of_the_store(write: Write, tmp_path: Path):
    (tmp_path / "store").write_text("a file")
    with pytest.raises(DataError, match=r"the store .* cannot be written"):
        add(Store(str(tmp_path / "store")), write)
    assert Store(str(tmp_path / "store")).matrix("atlas-2025").keys


def test_a_changed_table_is_not_read(store: Store, write: Write, tmp_path: Path):
    add(store, write)
    table = tmp_path / "store/transfer_matrices/ours/scores.csv"
    table.write_text(table.read_text().replace("0.4", "0.5"))
    with pytest.raises(DataError, match="matrix 'ours' was changed after it was added"):
        store.matrix("ours")
    (fault,) = store.verify("ours")
    assert "SHA-256 is" in fault
    (entry,) = (entry for entry in store.list_matrices() if entry.name == "ours")
    assert "was changed" in entry.fault


@pytest.mark.parametrize(
    "junk", [b"", b"a,b\n", b"source,target,score,status\ncat,spa,1,x\n", b"\xff"]
)
def test_a_table_in_another_form_whose_card_was_changed_too(
    store: Store, write: Write, tmp_path: Path, junk: bytes
):
    add(store, write)
    folder = tmp_path / "store/transfer_matrices/ours"
    old = hashlib.sha256((folder / "scores.csv").read_bytes()).hexdigest()
    card = (folder / "card.yaml").read_text()
    (folder / "scores.csv").write_bytes(junk)
    (folder / "card.yaml").write_text(card.replace(old, hashlib.sha256(junk).hexdigest()))
    with pytest.raises(DataError, match=r"scores.csv is not in the form of the shelf"):
        store.matrix("ours")
    assert store.verify("ours")


def test_a_half_copied_entry(store: Store, write: Write, tmp_path: Path):
    add(store, write)
    (tmp_path / "store/transfer_matrices/ours/scores.csv").unlink()
    with pytest.raises(DataError, match=r"lacks its card or its scores.csv"):
        store.matrix("ours")
    assert "lacks its card or its scores.csv" in store.verify("ours")[0]


def _add_many(location: str, table: str, card: str, names: list[str]) -> None:
    for name in names:
        Store(location).add_matrix(table, card, name)


def _add_one(job: tuple[str, str, str]) -> bool:
    location, table, card = job
    try:
        Store(location).add_matrix(table, card, "same")
    except DataError:
        return False
    return True


def test_concurrent_adds_lose_nothing(store: Store, write: Write):
    table, card = str(write("s.csv", SCORES)), str(write("c.yaml", MATRIX_CARD))
    names = [[f"m{worker}-{i}" for i in range(4)] for worker in range(3)]
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    workers = [
        context.Process(target=_add_many, args=(store.location, table, card, own)) for own in names
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    held = {entry.name for entry in store.list_matrices() if not entry.shipped and not entry.fault}
    assert held == {name for own in names for name in own}


def test_of_two_with_the_same_name_one_wins(store: Store, write: Write):
    job = (str(store.location), str(write("s.csv", SCORES)), str(write("c.yaml", MATRIX_CARD)))
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    with context.Pool(3) as pool:
        assert sum(pool.map(_add_one, [job] * 6)) == 1
    assert store.verify("same") == ()


def test_a_url(write: Write):
    pytest.importorskip("fsspec")
    store = Store(f"memory://{uuid.uuid4().hex}/shelf")
    assert "atlas-2025" in {entry.name for entry in store.list_matrices()}
    add(store, write)
    assert store.matrix("ours").pair("spa", "cat").score == 0.4
    assert store.verify("ours") == ()
    with pytest.raises(DataError, match="already"):
        add(store, write)
    store.remove_matrix("ours")
    with pytest.raises(DataError, match="no matrix 'ours'"):
        store.matrix("ours")
    add(store, write)
    assert store.matrix("ours").keys == ("cat", "spa")


def test_a_url_that_fails_leaves_no_trace(write: Write, monkeypatch: pytest.MonkeyPatch):
    memory = pytest.importorskip("fsspec.implementations.memory")
    store = Store(f"memory://{uuid.uuid4().hex}")
    original = memory.MemoryFileSystem.pipe_file

    def pipe_file(self: object, path: str, value: bytes, **kwargs: object) -> None:
        if path.endswith("card.yaml"):
            raise RuntimeError("token expired")
        original(self, path, value, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(memory.MemoryFileSystem, "pipe_file", pipe_file)
        with pytest.raises(DataError, match=r"cannot be written .*token expired.*credentials"):
            add(store, write)
    assert not [entry for entry in store.list_matrices() if not entry.shipped]
    add(store, write)


def test_somebody_else_is_adding_the_same_name(write: Write):
    fsspec = pytest.importorskip("fsspec")
    url = f"memory://{uuid.uuid4().hex}"
    claim = f"{url}/transfer_matrices/ours/.adding-claim"
    with fsspec.open(claim, "wb") as file:
        file.write(b"")
    with pytest.raises(DataError, match="somebody else is adding this name now"):
        add(Store(url), write)


def test_a_claim_that_a_killed_writer_left_is_taken_over(write: Write):
    """Else nobody could ever add that name again."""
    fsspec = pytest.importorskip("fsspec")
    url = f"memory://{uuid.uuid4().hex}"
    claim = f"{url}/transfer_matrices/ours/.adding-claim"
    for since, taken in ((time.time(), False), (time.time() - 3600, True)):
        with fsspec.open(claim, "wb") as file:
            file.write(f"{since:.0f}".encode())
        if taken:
            add(Store(url), write)
        else:
            with pytest.raises(DataError, match="somebody else is adding this name now"):
                add(Store(url), write)
    assert Store(url).matrix("ours").keys == ("cat", "spa")


@pytest.mark.parametrize(
    "url", ["file://{}", "file://localhost{}", "file:{}", "FILE://{}", "local://{}"]
)
def test_every_way_to_write_a_folder_as_a_url_means_that_folder(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
):
    """file://localhost/p and file:/p once wrote into the folder one stood in."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    folder = tmp_path / "my store"
    add(Store(url.format(str(folder).replace(" ", "%20"))), write)
    assert Store(str(folder)).matrix("ours").keys == ("cat", "spa")
    assert everything_in(elsewhere) == set()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        *((f"{kind}::file:///tmp/x", "several file systems") for kind in ("simplecache", "zip")),
        ("blockcache::memory://x", "several file systems"),
        ("zip://a::file:///tmp/x.zip", "several file systems"),
        *(
            (f"{kind}://x", "is a view of other files")
            for kind in ("reference", "dir", "simplecache", "zip", "tar", "generic", "data")
        ),
        ("data:,x", "is a view of other files"),
        ("async_wrapper://x", "is a view of other files"),
        ("jupyter://localhost:1/x", "check the URL, or give a folder"),
        ("dbfs://x", "check the URL, or give a folder"),
        ("ftp://localhost:1/x", "check the URL, or give a folder"),
        ("file://otherhost/tmp/x", "is another machine, or a folder"),
        ("file://x", "is another machine, or a folder"),
        ("file:x", "has a whole path"),
        ("local:x", "has a whole path"),
        ("memory:x", "a folder of that name with ./memory:x"),
        ("ftp:/x", "a URL begins with ftp://"),
        ("C:\\x", "a path of Windows"),
    ],
)
def test_a_url_that_is_no_store_is_refused_and_nothing_is_written(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, words: str
):
    """Each was once a fault of ours, or a folder of that name where one stood, and no error."""
    pytest.importorskip("fsspec")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    with pytest.raises(DataError, match=re.escape(words)) as caught:
        add(Store(url), write)
    assert "\n" not in caught.value.sentence
    assert everything_in(elsewhere) == set()


def test_no_url_of_any_file_system_is_a_fault_of_ours_or_a_folder_here(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """All that fsspec knows, with and without what it needs: a store, or a sentence."""
    fsspec = pytest.importorskip("fsspec")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    far = {"github", "git", "hf", "gist"}  # would ask a host elsewhere
    for kind in sorted({*fsspec.available_protocols()} - far):
        for form in (f"{kind}://x", f"{kind}:x", f"{kind}::memory://x"):
            if form == "memory://x":
                continue
            with pytest.raises(DataError):
                add(Store(form), write)
    assert everything_in(elsewhere) == set()


def test_a_folder_whose_name_has_a_colon_is_written_with_its_place(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    add(Store("./mine:2"), write)
    assert Store(str(tmp_path / "mine:2")).matrix("ours").keys == ("cat", "spa")


@pytest.mark.skipif(sys.platform == "win32", reason="no lock of folders there")
def test_what_a_killed_add_left_is_swept_at_the_next(store: Store, write: Write, tmp_path: Path):
    """Hidden folders would pile up, and nobody would see them."""
    table, card = write("scores.csv", SCORES), write("card.yaml", MATRIX_CARD)
    code = (
        "import os, signal\nfrom pathlib import Path\nfrom atlasmix.evidence.store import Store\n"
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"Store({str(store.location)!r}).add_matrix(Path({str(table)!r}), Path({str(card)!r}), 'a')"
    )
    shelf = tmp_path / "store" / "transfer_matrices"
    for count in (1, 2):
        done = subprocess.run([sys.executable, "-c", code], check=False)
        assert done.returncode == -signal.SIGKILL
        assert len(hidden(shelf)) == 1, f"left by kill {count}; the second swept the first"
    add(store, write)
    assert hidden(shelf) == []
    assert store.verify("ours") == ()


@pytest.mark.skipif(sys.platform == "win32", reason="no lock of folders there")
def test_what_is_being_written_is_not_swept(store: Store, write: Write, tmp_path: Path):
    """A second writer must not take away what the first is about to rename."""
    shelf = tmp_path / "store" / "transfer_matrices"
    shelf.mkdir(parents=True)
    shelf.joinpath(".theirs.tmp").mkdir()  # another program's
    with folder_beside(shelf / "slow", {"card.yaml": b"x"}) as held:
        add(store, write)
        assert (held / "card.yaml").read_bytes() == b"x"
    assert hidden(shelf) == [".theirs.tmp"]


def hidden(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if entry.name.startswith("."))


def test_a_url_nobody_can_open():
    with pytest.raises(DataError, match="the store nonsense://x cannot be opened"):
        Store("nonsense://x").matrix("ours")


def test_credentials_in_a_url_are_not_printed():
    with pytest.raises(DataError) as caught:
        Store("nonsense://me:secret@host/x").matrix("ours")
    assert "secret" not in str(caught.value)


@pytest.mark.skipif(sys.platform != "linux", reason="the rule of Linux")
def test_where_the_store_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("ATLASMIX_STORE", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert default_location() == str(tmp_path / "home/.local/share/atlasmix")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_location() == str(tmp_path / "atlasmix")
    monkeypatch.setenv("ATLASMIX_STORE", "memory://elsewhere")
    assert default_location() == "memory://elsewhere"


def test_a_store_of_before_keeps_its_place_where_the_system_has_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.delenv("ATLASMIX_STORE", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    library = tmp_path / "Library" / "Application Support" / "atlasmix"
    monkeypatch.setattr("platformdirs.user_data_dir", lambda name, appauthor: str(library))
    assert default_location() == str(library)
    former = tmp_path / ".local" / "share" / "atlasmix"
    former.mkdir(parents=True)
    assert default_location() == str(former)


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_a_folder_needs_no_file_system_of_urls(write: Write, tmp_path: Path, form: str):
    table, card = write("scores.csv", SCORES), write("card.yaml", MATRIX_CARD)
    code = (
        "import sys\nfrom pathlib import Path\nfrom atlasmix.evidence.store import Store\n"
        f"store = Store({form.format(tmp_path / 'mine')!r})\n"
        f"store.add_matrix(Path({str(table)!r}), Path({str(card)!r}), 'ours')\n"
        "store.matrix('ours'); store.remove_matrix('ours')\n"
        "print('fsspec' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_reading_evidence_imports_nothing_heavy():
    heavy = ("pandas", "scipy", "cvxpy", "pyarrow", "fsspec", "jsonschema", "plotly")
    code = (
        "import sys\nfrom atlasmix.evidence.store import Store\n"
        "Store().matrix(); Store().inventory()\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
