"""Where a shelf stands: a folder, or anything fsspec reaches by a URL.

A table and its card appear on a shelf together or not at all. In a folder both are written into a
temporary folder beside the final one, which is then renamed: one step for every reader, and the
second of two writers is refused by the file system. An object store cannot rename, so there the
card is written last, and a name without a card is not on the shelf.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.request import url2pathname

from atlasmix.errors import DataError
from atlasmix.io.files import folder_beside, sweep

CARD_FILE = "card.yaml"
_CLAIM = ".adding-claim"
_CLAIM_SECONDS = 600.0
"""How long somebody may be adding an entry to a URL: our choice, two small files are written."""


class Place(Protocol):
    """A tree of small files."""

    label: str

    def read(self, path: str) -> bytes:
        """The bytes of a file; FileNotFoundError where there is none."""

    def children(self, folder: str) -> tuple[str, ...]:
        """Names of the folders in ``folder`` that hold a card, sorted; empty where it is absent."""

    def publish(self, folder: str, files: Mapping[str, bytes]) -> None:
        """Make ``folder`` with these files appear in one step; FileExistsError if it is there."""

    def remove(self, folder: str) -> None:
        """Take ``folder`` and its files away."""

    def files(self, folder: str, suffix: str) -> tuple[str, ...]:
        """Names of the files in ``folder`` with that suffix, without it, sorted."""

    def publish_file(self, path: str, content: bytes) -> None:
        """Make one file appear in one step; FileExistsError if it is there."""

    def remove_file(self, path: str) -> None:
        """Take one file away; FileNotFoundError where there is none."""


def open_place(location: str) -> Place:
    """The place of a folder or URL; nothing is created yet.

    Raises:
        DataError: a URL that is none, whose file system is not installed, or that is no store.
    """
    url = _URL.match(location)
    if _DRIVE.match(location) and os.name != "nt":
        raise _no_store(location, "it is a path of Windows: write one of this system")
    if url is None:
        return LocalPlace(Path(location).expanduser())
    kind, rest = url[1].lower(), url[2]
    if "::" in location:
        raise _no_store(
            location, "it leads through several file systems, which are for reading: name one"
        )
    if kind in _LOCAL:
        return LocalPlace(_folder_of(location, rest))
    if kind in _NOT_ALONE:
        raise _no_store(location, f"{kind} is a view of other files: name where they lie")
    if not rest.startswith("//"):
        raise _no_store(
            location, f"a URL begins with {kind}://, a folder of that name with ./{url[0][:40]}"
        )
    return RemotePlace(f"{kind}:{rest}")


_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.\-_]+):(.*)", re.DOTALL)
"""A word of two letters at least, for one is a drive, and a colon; a folder of such a name is
written ``./word:...``."""

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_LOCAL = ("file", "local")
_NOT_ALONE = frozenset(
    {"blockcache", "cached", "dir", "filecache", "reference", "simplecache"}
    | {"async_wrapper", "data", "generic", "libarchive", "tar", "zip"}
)
"""File systems of fsspec that show others' files or one file's contents: no shelf stands there."""


def _folder_of(location: str, rest: str) -> Path:
    """The folder of ``file:///folder``, ``file:/folder`` or ``file://localhost/folder``."""
    host = ""
    if rest.startswith("//"):
        host, slash, path = rest[2:].partition("/")
        rest = slash + path
    if host.lower() not in ("", "localhost"):
        raise _no_store(
            location, f"{host[:60]!r} is another machine, or a folder: write file:///path or path"
        )
    if not rest.startswith("/"):
        raise _no_store(location, "such a URL has a whole path: write file:///path, or the path")
    return Path(url2pathname(rest))


def _no_store(location: str, why: str) -> DataError:
    return DataError(
        f"the store {_label(location)} cannot be opened: {why}",
        field="store",
        value=_label(location),
    )


def _label(words: str) -> str:
    """A URL, or words with one in them, without credentials and on one line."""
    return re.sub(r"//[^/@\s]*@", "//", " ".join(words.split()))[:200]


class LocalPlace:
    """A folder of this machine."""

    def __init__(self, root: Path) -> None:
        """Remember the folder; it need not exist."""
        self.root = root
        self.label = str(root)

    def read(self, path: str) -> bytes:
        """See Place."""
        with _sentences(self.label, "read"):
            return (self.root / path).read_bytes()

    def children(self, folder: str) -> tuple[str, ...]:
        """See Place."""
        with _sentences(self.label, "read"):
            try:
                entries = list(os.scandir(self.root / folder))
            except (FileNotFoundError, NotADirectoryError):
                return ()
            names = [entry.name for entry in entries if not entry.name.startswith(".")]
            return tuple(
                sorted(name for name in names if (self.root / folder / name / CARD_FILE).is_file())
            )

    def publish(self, folder: str, files: Mapping[str, bytes]) -> None:
        """See Place."""
        final = self.root / folder
        with _sentences(self.label, "written"), _clean_parents(final.parent):
            sweep(final.parent)
            with folder_beside(final, files) as temporary:
                _rename_new(temporary, final)
                _sync_folder(final.parent)

    def remove(self, folder: str) -> None:
        """See Place."""
        final = self.root / folder
        # Renamed first: a reader sees all of it or nothing.
        with _sentences(self.label, "written"), folder_beside(final) as temporary:
            final.rename(temporary / final.name)

    def files(self, folder: str, suffix: str) -> tuple[str, ...]:
        """See Place."""
        with _sentences(self.label, "read"):
            try:
                entries = list(os.scandir(self.root / folder))
            except (FileNotFoundError, NotADirectoryError):
                return ()
            names = [entry.name for entry in entries if entry.is_file()]
        return tuple(sorted(_stems(names, suffix)))

    def publish_file(self, path: str, content: bytes) -> None:
        """See Place."""
        final = self.root / path
        with _sentences(self.label, "written"), _clean_parents(final.parent):
            sweep(final.parent)
            with folder_beside(final, {final.name: content}) as temporary:
                _link_new(temporary / final.name, final)
                _sync_folder(final.parent)

    def remove_file(self, path: str) -> None:
        """See Place."""
        with _sentences(self.label, "written"):
            (self.root / path).unlink()


class RemotePlace:
    """A URL that fsspec opens."""

    def __init__(self, location: str) -> None:
        """Open the file system of the URL; DataError where it is not installed."""
        self.label = _label(location)
        try:
            from fsspec.core import url_to_fs

            system, root = url_to_fs(location)
        except (ImportError, ValueError) as error:
            raise _no_store(
                location,
                f"{_label(str(error))}; install that file system (s3fs for s3://, gcsfs for gs://) "
                "or give a folder",
            ) from error
        # Each file system has its own way to say that a URL lacks something, or that nobody is
        # there.
        except Exception as error:
            raise _no_store(
                location,
                f"{_label(str(error))} ({type(error).__name__}); check the URL, or give a folder",
            ) from error
        self._system: Any = system
        self._root = str(root).rstrip("/")

    def read(self, path: str) -> bytes:
        """See Place."""
        with self._guard("read"):
            return bytes(self._system.cat_file(f"{self._root}/{path}"))

    def children(self, folder: str) -> tuple[str, ...]:
        """See Place."""
        with self._guard("read"):
            self._system.invalidate_cache()
            try:
                paths = self._system.find(f"{self._root}/{folder}", maxdepth=2)
            except FileNotFoundError:
                return ()
            parts = [str(path).split("/") for path in paths]
        return tuple(sorted({part[-2] for part in parts if part[-1] == CARD_FILE}))

    def publish(self, folder: str, files: Mapping[str, bytes]) -> None:
        """See Place."""
        base = f"{self._root}/{folder}"
        with self._guard("written"):
            self._system.makedirs(base, exist_ok=True)
            with self._claim(f"{base}/{_CLAIM}"):
                if self._system.exists(f"{base}/{CARD_FILE}"):
                    raise FileExistsError(base)
                written: list[str] = []
                try:
                    for name in sorted(files, key=lambda name: name == CARD_FILE):
                        written.append(f"{base}/{name}")
                        self._system.pipe_file(written[-1], files[name])
                except BaseException:
                    for path in written:
                        with contextlib.suppress(Exception):
                            self._system.rm_file(path)
                    raise

    def remove(self, folder: str) -> None:
        """See Place."""
        with self._guard("written"):
            # The card first: from then on the name is not on the shelf.
            self._system.rm_file(f"{self._root}/{folder}/{CARD_FILE}")
            self._system.rm(f"{self._root}/{folder}", recursive=True)

    def files(self, folder: str, suffix: str) -> tuple[str, ...]:
        """See Place."""
        with self._guard("read"):
            self._system.invalidate_cache()
            try:
                paths = self._system.find(f"{self._root}/{folder}", maxdepth=1)
            except FileNotFoundError:
                return ()
            names = [str(path).rsplit("/", 1)[-1] for path in paths]
        return tuple(sorted(_stems(names, suffix)))

    def publish_file(self, path: str, content: bytes) -> None:
        """See Place."""
        final = f"{self._root}/{path}"
        with self._guard("written"):
            self._system.makedirs(final.rsplit("/", 1)[0], exist_ok=True)
            with self._claim(f"{final}{_CLAIM}"):
                if self._system.exists(final):
                    raise FileExistsError(final)
                self._system.pipe_file(final, content)

    def remove_file(self, path: str) -> None:
        """See Place."""
        with self._guard("written"):
            self._system.rm_file(f"{self._root}/{path}")

    @contextlib.contextmanager
    def _claim(self, path: str) -> Iterator[None]:
        """Keep a second writer of the same name out, where the file system can create anew."""
        try:
            self._write_claim(path)
        except FileExistsError:
            if not self._is_left(path):
                raise DataError(
                    f"{path} shows that somebody else is adding this name now: wait, or delete "
                    "that file if an earlier attempt was killed"
                ) from None
            self._system.rm_file(path)
            self._write_claim(path)
        except (ValueError, NotImplementedError):
            yield
            return
        try:
            yield
        finally:
            with contextlib.suppress(Exception):
                self._system.rm_file(path)

    def _write_claim(self, path: str) -> None:
        with self._system.open(path, "xb") as file:
            file.write(f"{time.time():.0f}".encode())

    def _is_left(self, path: str) -> bool:
        """Whether a claim is so old that whoever made it must have been killed."""
        try:
            since = float(self._system.cat_file(path))
        except (ValueError, FileNotFoundError):
            return False
        return time.time() - since > _CLAIM_SECONDS

    @contextlib.contextmanager
    def _guard(self, done: str) -> Iterator[None]:
        try:
            with _sentences(self.label, done):
                yield
        except (DataError, FileNotFoundError, FileExistsError):
            raise
        # Every file system of fsspec has errors of its own, without a common ancestor.
        except Exception as error:
            raise DataError(
                f"the store {self.label} cannot be {done} ({type(error).__name__}: "
                f"{str(error)[:120]}): check the URL and your credentials"
            ) from error


@contextlib.contextmanager
def _sentences(label: str, done: str) -> Iterator[None]:
    """Turn an error of the operating system into a sentence; absent and present pass through."""
    try:
        yield
    except (FileNotFoundError, FileExistsError):
        raise
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise DataError(
            f"the store {label} cannot be {done} ({reason}): nothing was changed; check its "
            "permissions and free space, or give another folder",
            field="store",
            value=label,
        ) from error


@contextlib.contextmanager
def _clean_parents(folder: Path) -> Iterator[None]:
    """Create ``folder``; where what follows fails, take away again what was created."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise NotADirectoryError(20, "a plain file is in the way", str(folder)) from error
        yield
    except BaseException:
        for path in missing:
            with contextlib.suppress(OSError):
                path.rmdir()
        raise


def _stems(names: list[str], suffix: str) -> list[str]:
    return [
        name.removesuffix(suffix)
        for name in names
        if name.endswith(suffix) and not name.startswith(".")
    ]


def _link_new(temporary: Path, final: Path) -> None:
    # A hard link fails where the name is taken, which decides between two writers. Where the file
    # system knows no links, a look before the rename must do.
    try:
        os.link(temporary, final)
    except FileExistsError:
        raise
    except OSError:
        if final.exists():
            raise FileExistsError(str(final)) from None
        temporary.rename(final)


def _rename_new(temporary: Path, final: Path) -> None:
    # Renaming a folder onto a filled one fails, which decides between two writers; onto an
    # empty one it would succeed, and an empty folder is nobody's entry.
    try:
        temporary.rename(final)
    except OSError as error:
        if final.exists():
            raise FileExistsError(str(final)) from error
        raise


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # some file systems cannot, and the entry is whole anyway
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
