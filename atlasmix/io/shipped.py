"""Where shipped data and the explorer lie: in the wheel, or in the repository behind it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from atlasmix.errors import DataError


@cache
def data_folder() -> Path:
    """The folder with ``languages/``, ``transfer_matrices/``, ``inventories/`` and the rest.

    Raises:
        DataError: the installation carries no data.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "_data", package.parent / "data"):
        if (folder / "languages").is_dir():
            return folder
    raise DataError(
        f"no shipped data beside {package}: expected the folder '_data' of the wheel or 'data' of "
        "the repository; install AtlasMix again"
    )


def explorer_script() -> Path:
    """The explorer's server, for ``streamlit run``.

    Raises:
        DataError: the installation carries no explorer.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "_apps", package.parent / "apps"):
        script = folder / "explorer" / "app.py"
        if script.is_file():
            return script
    raise DataError(
        f"no explorer beside {package}: expected '_apps' of the wheel or 'apps' of the repository; "
        "install AtlasMix again"
    )
