"""Where the shipped figures lie: inside the wheel, or in the repository of an editable install."""

from __future__ import annotations

from pathlib import Path

from atlasmix.errors import DataError


def data_folder() -> Path:
    """The folder with ``languages/``, ``transfer_matrices/``, ``inventories/`` and the rest.

    Raises:
        DataError: the installation carries no data.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "_data", package.parent / "data"):
        if (folder / "languages").is_dir():
            return folder
    raise DataError(
        f"no shipped data beside {package}: expected the folder '_data' of the wheel or 'data' of "
        "the repository; install AtlasMix again"
    )
