"""Results on stdout: JSON for programs, text tables for people."""

from __future__ import annotations

import json
import math
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType


def print_json(content: object) -> None:
    """``content`` as JSON; what is not finite becomes null."""
    print(json.dumps(_finite(content), ensure_ascii=False, indent=2, allow_nan=False))


def print_text(*parts: RenderableType) -> None:
    """Texts and tables: styled on a terminal, plain in a pipe or file."""
    from atlasmix.views.console import stdout_console

    console = stdout_console(sys.stdout)
    if console.is_terminal:
        for part in parts:
            console.print(part)
        return
    # Tables are padded to their width: in a file that is only trailing blanks.
    with console.capture() as captured:
        for part in parts:
            console.print(part)
    lines = captured.get().splitlines()
    print("\n".join(line.rstrip() for line in lines))


def lasting(label: str) -> str:
    """What a message about a store adds where the store does not last: a store in memory."""
    if not label.startswith("memory:"):
        return ""
    return "; this store is in memory and lasts only as long as the process, which ends here"


def _finite(content: Any) -> Any:
    if isinstance(content, float) and not math.isfinite(content):
        return None
    if isinstance(content, dict):
        return {str(key): _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return content
