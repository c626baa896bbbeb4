"""``atlasmix explore``: the explorer in the browser, until Ctrl-C."""

from __future__ import annotations

import argparse
import os
import sys

from atlasmix.cli.parsing import Parser, add_store

EXAMPLE = """\
atlasmix explore
atlasmix explore --address 0.0.0.0 --port 8080 --no-browser"""

_MOST_PORT = 65535
_ANY = ("0.0.0.0", "::")
"""To listen on every address is none to open a browser at."""


def add_arguments(parser: Parser) -> None:
    """Options of the command."""
    add = parser.add_argument
    add("--port", metavar="N", default="8501", help="port to listen on (default: 8501)")
    add(
        "--address",
        metavar="HOST",
        default="localhost",
        help="address to listen on (default: localhost, this machine alone)",
    )
    add("--no-browser", action="store_true", help="do not open a browser")
    add(
        "--time-limit",
        metavar="SECONDS",
        default="10",
        help="most time a visitor's question may take (default: 10)",
    )
    add("--workers", metavar="N", default="2", help="processes that solve (default: 2)")
    add(
        "--allow-saving",
        action="store_true",
        help="let visitors write their tables into the store",
    )
    add_store(parser)


def execute(options: argparse.Namespace) -> int:
    """Hand over to Streamlit, which serves the explorer in the place of this process."""
    from importlib.util import find_spec

    from atlasmix.errors import DataError
    from atlasmix.evidence.store import STORE_VARIABLE
    from atlasmix.io.shipped import explorer_script

    missing = [name for name in ("streamlit", "plotly", "openpyxl") if find_spec(name) is None]
    if missing:
        raise DataError(
            f"the explorer needs {' and '.join(missing)}, not installed here: "
            "pip install 'atlasmix[explorer]'"
        )
    script = explorer_script()
    port = int(_number(options.port, "--port", 1, _MOST_PORT))
    workers = int(_number(options.workers, "--workers", 1, 64))
    environment = {
        **os.environ,
        "ATLASMIX_EXPLORER_SECONDS": f"{_number(options.time_limit, '--time-limit', 0.1, 3600):g}",
        "ATLASMIX_EXPLORER_WORKERS": str(workers),
        "ATLASMIX_EXPLORER_SAVING": "1" if options.allow_saving else "0",
    }
    if options.store:
        environment[STORE_VARIABLE] = options.store
    words = [
        *(sys.executable, "-m", "streamlit", "run", str(script)),
        *("--server.address", options.address),
        *("--browser.serverAddress", "localhost" if options.address in _ANY else options.address),
        *("--server.port", str(port)),
        *("--server.headless", "true" if options.no_browser else "false"),
    ]
    sys.stdout.flush()
    os.execve(sys.executable, words, environment)


def _number(text: str, option: str, least: float, most: float) -> float:
    from atlasmix.errors import ProblemError

    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    whole = option in {"--port", "--workers"}
    if not least <= value <= most or (whole and not value.is_integer()):
        kind = "a whole number" if whole else "a number"
        raise ProblemError(f"{option} is {text!r}: expected {kind} from {least:g} to {most:g}")
    return value
