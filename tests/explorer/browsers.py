"""Which browser the tests use, and whether they may do without."""

from __future__ import annotations

import os
import shutil
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)
REQUIRED = os.environ.get("ATLASMIX_BROWSER") == "required"
COMMAND = (sys.executable, "-m", "atlasmix")
