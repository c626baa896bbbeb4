"""Writing a file whole or not at all."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from atlasmix.errors import DataError


def write_atomic(path: Path, text: str) -> None:
    """Put ``text`` at ``path`` in one step: a temporary file beside it, fsync, rename.

    A device or pipe (``/dev/stdout``) is written to as it is. A link keeps being one.

    Raises:
        DataError: no such folder, no permission, no space; what stood there before is untouched.
    """
    content = text.encode("utf-8")
    try:
        final = path.resolve()
        if final.exists() and not final.is_file():
            if final.is_dir():
                raise IsADirectoryError(21, "it is a folder")
            _write(final, content, os.O_WRONLY)
            return
        temporary = final.with_name(f".{final.name[:100]}.{secrets.token_hex(4)}.tmp")
        try:
            _write(temporary, content, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            os.replace(temporary, final)
        except BaseException:
            # Ctrl-C included: nothing half-written stays behind.
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    except BrokenPipeError:
        raise
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(
            f"{str(path)[:200]} cannot be written ({reason}): nothing was changed; choose another "
            "--output"
        ) from error


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
            archive.writestr(zipfile.ZipInfo(name, _NO_TIME), files[name])
    return packed.getvalue()
