"""What axe-core calls serious on a page of the explorer in Chromium."""

from __future__ import annotations

import re
from typing import Any, Final

from atlasmix.io.shipped import explorer_script

RULES: Final = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "resultTypes": ["violations"],  # else every node that passes is told of, in half of the time
}
_MAIN: Final = explorer_script().with_name("main.py").read_text(encoding="utf-8")
PAGES: Final = re.findall(r'st\.Page\("explorer/pages/(\w+)\.py"', _MAIN)


def serious(page: Any) -> list[tuple[str, list[str]]]:
    """What axe calls serious or critical: rule, and where."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options=RULES).response["violations"]
    return [
        (one["id"], [node["html"][:160] for node in one["nodes"]][:4])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
