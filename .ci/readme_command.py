"""Print one of the two commands of the README, so that CI runs what the README says."""

import re
import sys
from pathlib import Path

readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
wanted = sys.argv[1]
found = re.search(rf"<!-- command: {wanted} -->\s*```\w*\n(.*?)```", readme, re.DOTALL)
if found is None:
    sys.exit(f"README.md has no block marked '<!-- command: {wanted} -->'")
print(found.group(1).strip())
