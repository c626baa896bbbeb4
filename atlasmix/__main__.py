"""``python -m atlasmix``: the command line."""

import sys

from atlasmix.cli.main import run

if __name__ == "__main__":
    sys.exit(run())
