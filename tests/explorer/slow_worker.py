"""The explorer's worker with one task more, which takes as long as it is told."""

import time

from explorer.tasks import TASKS
from worker import main

TASKS["sleep"] = time.sleep

if __name__ == "__main__":
    main()
