"""Fail where the built site links to a file that it lacks, or loads anything from elsewhere."""

import re
import sys
from pathlib import Path
from urllib.parse import unquote

site = Path(sys.argv[1]).resolve()
faults = []
for page in sorted(site.rglob("*.html")):
    text = page.read_text(encoding="utf-8")
    for kind, address in re.findall(r'\b(href|src)="([^"#?]+)', text):
        if address.startswith(("http:", "https:", "//")):
            if kind == "src":
                faults.append(f"{page.name} loads {address}")
        elif not address.startswith(("data:", "mailto:", "javascript:")):
            target = (site / address[1:]) if address.startswith("/") else page.parent / address
            if not (Path(unquote(str(target)))).exists():
                faults.append(f"{page.relative_to(site)} links to {address}")
index = (site / "llms.txt").read_text(encoding="utf-8")
faults += [
    f"llms.txt links to {name}"
    for name in re.findall(r"\]\(([^)]+)\)", index)
    if not (site / name).exists()
]
sys.exit("\n".join(faults) or None)
