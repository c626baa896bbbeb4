"""An export's folder: written whole or not at all, and never over what someone else wrote."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from atlasmix.errors import DataError
from atlasmix.recipes.exporters.expected import EXPECTED, SCHEMA


def write_folder(folder: Path, files: Mapping[str, str], force: bool = False) -> None:
    """Put the files into ``folder``, which is made where it is not there.

    They are written beside it first; then the folder changes its name. What an earlier export
    wrote there is replaced, unless somebody changed it since.

    Args:
        folder: of the export.
        files: relative path to content.
        force: replace files of these names whoever wrote them; other files stay.

    Raises:
        DataError: something else lies there, or it cannot be written; the folder is as it was.
    """
    try:
        final = folder.resolve()
        strangers = _strangers(final)
        if strangers and not force:
            raise DataError(
                f"{str(folder)[:200]} holds {_few(strangers)}, which no export wrote, or which was "
                "changed since: choose an empty --output, or --force to write over files of the "
                "same names"
            )
        fresh = final.with_name(f".{final.name[:100]}.{secrets.token_hex(4)}.tmp")
        try:
            _write_all(fresh, files)
            if strangers:
                _pour(fresh, final, files)
            else:
                _swap(fresh, final)
        finally:
            # Ctrl-C included: nothing half-written stays behind.
            shutil.rmtree(fresh, ignore_errors=True)
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(
            f"{str(folder)[:200]} cannot be written ({reason}): nothing was changed; choose "
            "another --output"
        ) from error


def _write_all(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())


def _pour(fresh: Path, final: Path, files: Mapping[str, str]) -> None:
    """Each file in one step into a folder that holds others' files too; ``expected.json`` last."""
    for name in sorted(files, key=lambda one: one == EXPECTED):
        (final / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(fresh / name, final / name)


def _swap(fresh: Path, final: Path) -> None:
    """``fresh`` in the place of ``final``; the old one comes back where that fails."""
    if not final.exists():
        fresh.rename(final)
        return
    old = final.with_name(f"{fresh.name}.old")
    final.rename(old)
    try:
        fresh.rename(final)
    except BaseException:
        old.rename(final)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _strangers(folder: Path) -> list[str]:
    """Files in the folder that the export described in its ``expected.json`` did not write."""
    if not folder.exists():
        return []
    if not folder.is_dir():
        raise NotADirectoryError(20, "it is no folder")
    known: dict[str, str] = {}
    with contextlib.suppress(OSError, ValueError, AttributeError):
        written = json.loads((folder / EXPECTED).read_text(encoding="utf-8"))
        if written.get("schema") == SCHEMA:
            known = dict(written["files"])
    found = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() and not path.is_symlink():
            continue
        if name == EXPECTED and known:
            continue
        if known.get(name) != _sha256(path):
            found.append(name)
    return found


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _few(names: list[str]) -> str:
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(names[:4]) + more
