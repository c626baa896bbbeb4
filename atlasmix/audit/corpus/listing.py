"""Which files of a folder hold texts, in one order on every machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from atlasmix.audit.corpus.attributes import ATTRIBUTES, DOCUMENTS, attribute_files
from atlasmix.audit.corpus.audit_file import ENDING
from atlasmix.audit.corpus.records import Span, is_divisible, reader_of
from atlasmix.errors import DataError

PART: Final = 256 * 1024 * 1024
"""Bytes of a part of a long file; our choice: some seconds of work, and lost among them."""


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """A file with texts, or a part of a long one.

    Attributes:
        path: where it lies.
        name: its path within the corpus, with forward slashes.
        size: bytes, of the part; 0 where it is not known.
        changed: when, in nanoseconds.
        span: the part; None: all of it.
        attributes: files of attributes beside it that are joined.
    """

    path: Path
    name: str
    size: int
    changed: int
    span: Span | None = None
    attributes: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class CorpusListing:
    """What lies in a corpus.

    Attributes:
        files: with texts, by name.
        faults: folders that cannot be read, by name.
        left: other files, by the ending of their names.
    """

    files: tuple[CorpusFile, ...]
    faults: dict[str, tuple[str, ...]]
    left: dict[str, int]


def list_corpus(root: Path, attributes: bool = False) -> CorpusListing:
    """The files of a folder and of those in it, hidden ones left out; or the one file named.

    Args:
        root: the folder, or the file.
        attributes: join those that lie beside documents, as Dolma's; a long file that has some is
            one part.

    Raises:
        DataError: there is nothing of that name.
    """
    faults: dict[str, tuple[str, ...]] = {}
    if not root.is_dir():
        if not os.path.lexists(root):
            raise DataError(
                f"no corpus {str(root)[:200]!r}: name a folder, or a file with texts",
                field="corpus",
                value=str(root),
            )
        file = _joined(_corpus_file(root, root.name), attributes)
        return CorpusListing(tuple(_divided(file)), faults, {})
    left: dict[str, int] = {}
    files = []
    joined: set[Path] = set()
    beside: list[Path] = []
    for path in _walk(root, root, faults, set()):
        name = path.relative_to(root).as_posix()
        if _holds_texts(root, name):
            file = _joined(_corpus_file(path, name), attributes)
            joined.update(file.attributes)
            files += _divided(file)
        else:
            beside.append(path)
    for path in beside:
        if path not in joined:
            ending = path.suffix.lower()[:20].encode(errors="replace").decode() or "none"
            left[ending] = left.get(ending, 0) + 1
    files.sort(key=lambda file: (file.name, file.span or (0, 0)))
    return CorpusListing(tuple(files), dict(sorted(faults.items())), dict(sorted(left.items())))


_ABOUT: Final = frozenset(
    {"dataset_dict.json", "dataset_info.json", "dataset_infos.json", "state.json"}
)
"""What Hugging Face writes beside the texts."""


def _holds_texts(root: Path, name: str) -> bool:
    """Whether a file is of a format of texts, and no file about others that has its ending."""
    *folders, bare = name.split("/")
    if reader_of(bare) is None or bare.endswith(ENDING) or bare in _ABOUT:
        return False
    if ATTRIBUTES in folders:  # Dolma's: beside the documents, with a line for each
        above = root.joinpath(*folders[: folders.index(ATTRIBUTES)])
        return not (above / DOCUMENTS).is_dir()
    return True


def _walk(
    root: Path,
    folder: Path,
    faults: dict[str, tuple[str, ...]],
    above: set[tuple[int, int]],
) -> Iterator[Path]:
    """Every entry that is no folder; links to folders are followed, but never in a circle."""
    try:
        about = os.stat(folder)
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        name = f"{folder.relative_to(root).as_posix()}/".encode(errors="replace").decode()
        faults[name] = (f"the folder cannot be read ({error.strerror})",)
        return
    mark = (about.st_dev, about.st_ino)
    if mark in above:
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if _is_folder(entry):
            yield from _walk(root, Path(entry.path), faults, {*above, mark})
        else:
            yield Path(entry.path)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _divided(file: CorpusFile) -> list[CorpusFile]:
    """A long file in parts that several processes can read, the same on every machine."""
    if file.size <= PART or file.attributes or not is_divisible(file.name):
        return [file]
    begins = range(0, file.size, PART)
    spans = [(begin, min(begin + PART, file.size)) for begin in begins]
    return [replace(file, size=end - begin, span=(begin, end)) for begin, end in spans]


def _joined(file: CorpusFile, attributes: bool) -> CorpusFile:
    """A file with those of attributes beside it, where they are wanted: it changes with them."""
    paths = attribute_files(file.path) if attributes else ()
    if not paths:
        return file
    about = [_corpus_file(path, "") for path in paths]
    changed = file.changed + sum(each.changed + each.size for each in about)
    return replace(file, attributes=paths, changed=changed)


def _corpus_file(path: Path, name: str) -> CorpusFile:
    try:
        about = path.stat()
    except OSError:  # a link to nowhere: its reader says so
        return CorpusFile(path, name, 0, 0)
    return CorpusFile(path, name, about.st_size, about.st_mtime_ns)
