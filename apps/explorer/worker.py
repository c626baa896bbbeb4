"""One worker of the explorer: reads a task from its pipe, answers, and waits for the next.

It is started and, past the time limit, killed by ``explorer.workers``. Both ends of the pipe are
the explorer's own; what a visitor sends arrives here as text or bytes inside a task's arguments.
"""

from __future__ import annotations

import os
import sys

from explorer.frames import read_frame, write_frame
from explorer.memory import bound_memory
from explorer.packing import pack
from explorer.tasks import TASKS

from atlasmix.errors import AtlasMixError
from atlasmix.evidence.overlay import Overlay


def main() -> None:
    """Serve tasks until the pipe closes."""
    answers = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints must not fall between two answers
    pack(TASKS["answer"]({"targets": {"cat": 1}}, Overlay()))  # load what every task needs
    bound_memory()
    write_frame(answers, ("ready", None))
    while (task := read_frame(0)) is not None:
        try:
            write_frame(answers, _done(*task))
        except TypeError as error:  # the frame could not be made: none of it has been sent
            write_frame(answers, ("fault", str(error)))


def _done(name: str, arguments: tuple[object, ...]) -> tuple[str, object]:
    try:
        return "done", TASKS[name](*arguments)
    except AtlasMixError as error:
        return "refused", error
    except MemoryError:
        return "memory", None
    except Exception as error:
        return "fault", f"{type(error).__name__}: {str(error)[:300]}"


if __name__ == "__main__":
    try:
        main()
    except (BrokenPipeError, KeyboardInterrupt):
        sys.exit(0)
