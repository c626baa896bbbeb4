"""Reading a plain file, and writing one whole or not at all."""

from __future__ import annotations

import contextlib
import io
import os
import re
import secrets
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from atlasmix.errors import DataError


@contextlib.contextmanager
def refusing_to_read(path: Path, what: str = "") -> Iterator[None]:
    """Turn what the system says against reading a user's file into a sentence.

    Args:
        path: of the file.
        what: how a message names it; its path unless said.

    Raises:
        DataError: absent, no plain file (a named pipe would be waited for without an end), or not
            readable.
    """
    name = what or _shown(path)
    try:
        if path.exists() and not path.is_file():
            other = "folder" if path.is_dir() else "pipe or a device"
            raise DataError(f"{name} is no plain file but a {other}: check the path")
        yield
    except FileNotFoundError as error:
        absent = f"{what} is not there" if what else f"no file {name}"
        raise DataError(f"{absent}: check the path") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(
            f"{name} cannot be read ({reason}): check the path and its permissions"
        ) from error


def _shown(path: Path) -> str:
    """A path as a message shows it, without bytes that no terminal should get."""
    text = str(path)[:200]
    return text if text.isprintable() else repr(text)[1:-1]


def read_start(path: Path, limit: int, what: str = "") -> bytes:
    """At most ``limit`` bytes of a user's file, one more where it is longer.

    Raises:
        DataError: as for :func:`refusing_to_read`.
    """
    # Read, not stat: a file may grow, and one byte more than allowed is proof enough.
    with refusing_to_read(path, what), path.open("rb") as file:
        return file.read(limit + 1)


def read_file(path: str | Path, limit: int) -> bytes:
    """The bytes of a user's file.

    Raises:
        DataError: absent, no plain file, not readable, or longer than ``limit`` bytes.
    """
    content = read_start(Path(path), limit)
    if len(content) > limit:
        raise DataError(f"{path} is longer than {limit:,} bytes: split or shorten it")
    return content


def begins(path: Path, most: int) -> bytes:
    """The first bytes by which a file is known; none where it cannot be read."""
    try:
        return read_start(path, most)[:most]
    except DataError:
        return b""


def write_atomic(path: Path, text: str | bytes) -> None:
    """Put ``text`` at ``path`` in one step: a temporary file beside it, fsync, rename.

    A device or pipe (``/dev/stdout``) is written to as it is. A link keeps being one.

    Raises:
        DataError: no such folder, no permission, no space; what stood there before is untouched.
    """
    content = text if isinstance(text, bytes) else text.encode()
    with refusing_to_write(path):
        final = path.resolve()
        if final.exists() and not final.is_file():
            if final.is_dir():
                raise IsADirectoryError(21, "it is a folder")
            _write(final, content, os.O_WRONLY)
            return
        temporary = _beside(final)
        try:
            write_new(temporary, content)
            os.replace(temporary, final)
        except BaseException:
            # Ctrl-C included: nothing half-written stays behind.
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise


@contextlib.contextmanager
def folder_beside(final: Path, files: Mapping[str, bytes] | None = None) -> Iterator[Path]:
    """A new folder beside ``final``, to be renamed to it or emptied into it; gone at the end.

    A rename is one step for every reader only within a file system, which is why it lies there.

    Args:
        final: of a file or folder.
        files: relative path to what is written into the new folder, fsync included; for them the
            folders above are made where they are missing.
    """
    import shutil

    fresh = _beside(final)
    with contextlib.ExitStack() as held:
        held.callback(shutil.rmtree, fresh, ignore_errors=True)
        fresh.mkdir(parents=bool(files))
        while not held.enter_context(_held(fresh)):
            fresh.mkdir()  # swept in between, for one that a killed process had left
        for name, content in (files or {}).items():
            (fresh / name).parent.mkdir(parents=True, exist_ok=True)
            write_new(fresh / name, content)
        yield fresh


def sweep(folder: Path) -> None:
    """Take away what processes that were killed have left of :func:`folder_beside` in a folder.

    Whoever writes there holds the folder of the moment locked, and the system opens the lock of a
    process that ends: what is not locked is nobody's. Where there are no such locks nothing is
    taken away.
    """
    import shutil

    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            if _TEMPORARY.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                with _held(Path(entry.path), wait=False) as held:
                    if held:
                        shutil.rmtree(entry.path, ignore_errors=True)


@contextlib.contextmanager
def _held(folder: Path, wait: bool = True) -> Iterator[bool]:
    """Hold a folder locked against other processes; whether it is ours, and still there.

    Args:
        folder: to be held.
        wait: for another to let go; else it is not ours.
    """
    try:
        import fcntl
    except ImportError:  # Windows has no lock of folders: there nothing is swept either
        yield wait
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        yield False
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:  # held by another, or a file system without locks
            yield wait
            return
        yield os.fstat(handle).st_nlink > 0 and folder.exists()
    finally:
        os.close(handle)


def write_new(path: Path, content: bytes) -> None:
    """Write a file that must not be there yet, through to the disk."""
    _write(path, content, os.O_WRONLY | os.O_CREAT | os.O_EXCL)


@contextlib.contextmanager
def refusing_to_write(path: Path) -> Iterator[None]:
    """Turn what the system says against writing at ``path`` into a sentence.

    Raises:
        DataError: names the path and the reason.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(
            f"{str(path)[:200]} cannot be written ({reason}): nothing was changed; choose another "
            "place",
            field="output",
            value=str(path),
        ) from error


_TEMPORARY: Final = re.compile(r"\..*\.[0-9a-f]{8}\.tmp", re.DOTALL)
"""What :func:`_beside` calls a file or folder of the moment."""


def _beside(final: Path) -> Path:
    return final.with_name(f".{final.name[:100]}.{secrets.token_hex(4)}.tmp")


def _write(path: Path, content: bytes, flags: int) -> None:
    descriptor = os.open(path, flags, 0o666)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        if flags & os.O_CREAT:
            os.fsync(file.fileno())


_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)


def zip_files(files: Mapping[str, str]) -> bytes:
    """A ZIP archive of texts, sorted by name, without times.

    Args:
        files: relative path to content.

    >>> zipfile.ZipFile(io.BytesIO(zip_files({"a.txt": "x"}))).namelist()
    ['a.txt']
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, _NO_TIME), files[name], zipfile.ZIP_DEFLATED)
    return packed.getvalue()


ZIP_MAGIC: Final = b"PK\x03\x04"
"""What a ZIP archive begins with."""

_MOST_ENTRIES: Final = 100
"""Most files of an archive that is read: our choice, far more than any that is written here."""


def read_zip(content: bytes, what: str, most: int) -> dict[str, bytes]:
    """The files of a ZIP archive from anywhere, by their names; nothing is written.

    Args:
        content: of the archive.
        what: how a message names it.
        most: bytes that all of them may unpack to.

    Raises:
        DataError: no ZIP archive, one that is cut, encrypted or packed in another way than by
            DEFLATE, a name that stands there twice, more than 100 files, or more than ``most``.

    >>> read_zip(zip_files({"a.txt": "x"}), "it", 10)
    {'a.txt': b'x'}
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            unpacked = sum(entry.file_size for entry in entries)
            if len(entries) > _MOST_ENTRIES or unpacked > most:
                raise DataError(
                    f"{what} holds {len(entries):,} files of {unpacked:,} bytes: expected at most "
                    f"{_MOST_ENTRIES} files of {most:,} bytes together"
                )
            names = [entry.filename for entry in entries]
            if len(set(names)) < len(names):
                raise DataError(f"{what} holds a file twice: expected each name once")
            # No entry gives more than it says above: the module stops there.
            return {entry.filename: archive.read(entry) for entry in entries}
    except (DataError, MemoryError):
        raise
    except Exception as error:  # a broken archive fails in any way that its reader does
        raise DataError(
            f"{what} is no whole ZIP archive ({str(error)[:100] or type(error).__name__}): "
            "expected the file as it was written"
        ) from error
