"""A few worker processes that solve for all visitors, each task within a time limit.

A solve in a thread of the server would hold up every other visitor, and could not be stopped. A
worker is killed when its time is up or its visitor has moved on, and another takes its place; so
nobody waits for a stranger's question longer than the limit. Light questions have a lane of their
own (:mod:`explorer.lanes`).
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from atlasmix.errors import ProblemError, SolverFailed
from explorer.frames import read_frame, write_frame
from explorer.lanes import OVERSTAY, Lanes, Turn
from explorer.memory import memory_words

SECONDS_VARIABLE: Final = "ATLASMIX_EXPLORER_SECONDS"
WORKERS_VARIABLE: Final = "ATLASMIX_EXPLORER_WORKERS"
_SECONDS: Final = 10.0
_WORKERS: Final = 2
_START: Final = 60.0
_WAITS: Final = 6.0
"""How many times the limit of a question somebody waits for a worker at most; our choice."""
_GLANCE: Final = 0.1
_ENVIRONMENT: Final = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    # Others reserve address space by the gigabyte, which a worker has only so much of.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "2",
}
_SMALLER_QUESTION: Final = (
    "ask a smaller question (fewer targets, pools or limits), or ask with 'atlasmix solve'"
)
_FEWER_RUNS: Final = "bring fewer runs, sets or sources, or ask with 'atlasmix learn'"
_LEARNING: Final = ("learn runs", "judge model", "law for solve", "learned mixture")
_SMALLER: Final = dict.fromkeys(_LEARNING, _FEWER_RUNS) | {
    "next runs": "plan fewer runs, or ask 'atlasmix learn', which has no limit",
    "routes": "ask of fewer targets or pools, or with 'atlasmix route'",
}
"""The tasks that may take longer, and what a visitor can do where one was not done in time."""
_LONGER: Final = 6
"""Times the limit that they have: our choice, 200 runs of 20 losses on a busy machine. They stand
among the heavy ones, and hold up no light question."""
_SCRIPT: Final = Path(__file__).resolve().parent.parent / "worker.py"


class Busy(ProblemError):
    """No worker was free in time; the same question may be answered a moment later."""


class TooHeavy(ProblemError):
    """More time or memory than this explorer gives a question, which elsewhere has an answer."""


class _Overstays(Exception):
    """What was taken for a light question is none, and others wait for its worker."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What a visitor who waits is told.

    Attributes:
        seconds: since the question stands in line, or since it is being solved.
        place: in line, from 1; 0 where it is being solved.
        light: whether that is the line of the light questions.
    """

    seconds: float
    place: int = 0
    light: bool = True


Meanwhile = Callable[[Moment], None]


class Worker:
    """One process, and the thread that listens to it."""

    def __init__(self, script: Path) -> None:
        """A worker that has not started, and will run ``script``."""
        self._script = script
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._ready = False

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process; it says when it is ready."""
        environment = {**_ENVIRONMENT, **os.environ}
        self._process = subprocess.Popen(
            [sys.executable, str(self._script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=environment,
        )
        self._answers, self._ready = queue.SimpleQueue(), False
        threading.Thread(
            target=self._listen, args=(self._process, self._answers), daemon=True
        ).start()

    @staticmethod
    def _listen(process: subprocess.Popen[bytes], answers: queue.SimpleQueue[Any]) -> None:
        assert process.stdout is not None
        # Only this thread closes the pipe: its number could soon be that of another file.
        with process.stdout as pipe:
            try:
                while (frame := read_frame(pipe.fileno())) is not None:
                    answers.put(frame)
            except ValueError as error:
                process.kill()
                process.wait()
                answers.put(("fault", str(error)))
        process.wait()
        answers.put(("ended", _end_of(process)))

    def get_ready(self, meanwhile: Meanwhile) -> None:
        """Start the process where it is not running, and wait until it has loaded what it needs.

        Raises:
            TimeoutError: it was not ready within a minute.
        """
        if not self.alive:
            self.start()
        if not self._ready:
            self._wait(_START, meanwhile)
            self._ready = True

    def run(
        self, task: str, arguments: tuple[Any, ...], seconds: float, meanwhile: Meanwhile
    ) -> Any:
        """The frame that answers a task.

        Raises:
            TimeoutError: none within ``seconds``.
        """
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            write_frame(self._process.stdin.fileno(), (task, arguments))
        except BrokenPipeError:
            self._process.wait()
            return "ended", _end_of(self._process)
        return self._wait(seconds, meanwhile)

    def _wait(self, seconds: float, meanwhile: Meanwhile) -> Any:
        begin = time.monotonic()
        while True:
            passed = time.monotonic() - begin
            if passed >= seconds:
                raise TimeoutError
            try:
                return self._answers.get(timeout=min(_GLANCE, seconds - passed))
            except queue.Empty:
                meanwhile(Moment(time.monotonic() - begin))

    def stop(self) -> None:
        """End the process at once, whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process = None


class Workers:
    """The workers of one server.

    A task whose process ends under it, as where the system runs out of memory and ends one, is
    begun once more in a fresh process.

    Attributes:
        workers: all of them, free or busy.
        lanes: who waits for them.
        seconds: time limit of a task.
    """

    def __init__(self, workers: int, seconds: float, script: Path = _SCRIPT) -> None:
        """So many workers, each running ``script``; :meth:`start` starts them."""
        self.seconds = seconds
        self.workers = [Worker(script) for _ in range(workers)]
        self.lanes = Lanes(self.workers)

    @property
    def patience(self) -> float:
        """Most seconds that a question stands in line."""
        return _WAITS * self.seconds

    def limit(self, task: str) -> float:
        """Most seconds of a task, by its name."""
        return self.seconds * _LONGER if task in _SMALLER else self.seconds

    def start(self) -> None:
        """Start every worker, so that the first visitor finds them ready."""
        for worker in self.workers:
            worker.start()

    def ask(
        self,
        task: str,
        *arguments: Any,
        light: bool = True,
        meanwhile: Meanwhile = lambda _: None,
    ) -> Any:
        """The result of a task of :mod:`explorer.tasks`.

        Args:
            task: its name.
            arguments: for it.
            light: whether it is thought to be done within about a second. One that is not, and
                holds up others that are, is begun anew among the heavy ones.
            meanwhile: called every tenth of a second with how it stands; what it raises ends the
                task.

        Raises:
            Busy: no worker was free within six times the time limit.
            TooHeavy: not done in time or in memory.
            ProblemError: the library's own.
            DataError: the library's own.
            SolverFailed: a fault of ours.
        """
        try:
            kind, result = self._answer(light, task, arguments, meanwhile)
        except _Overstays:
            kind, result = self._answer(False, task, arguments, meanwhile)
        if kind == "memory":
            raise TooHeavy(memory_words())
        if kind == "done":
            return result
        if kind == "refused":
            raise result
        raise SolverFailed(f"a fault of AtlasMix ({result}); please report it with the question")

    def _answer(
        self, light: bool, task: str, arguments: tuple[Any, ...], meanwhile: Meanwhile
    ) -> tuple[str, Any]:
        """What the worker says whose turn it is."""
        with self.lanes.joined(light) as turn:
            worker = self._wait_for(turn, meanwhile)

        def watched(moment: Moment) -> None:
            if moment.seconds > OVERSTAY and self.lanes.must_yield(turn):
                raise _Overstays
            meanwhile(moment)

        limit = self.limit(task)
        whole = False  # whether the worker may go on with other tasks as it is
        try:
            worker.get_ready(meanwhile)
            kind, result = worker.run(task, arguments, limit, watched)
            if kind == "ended":
                # From outside, or of what earlier tasks left: a fresh one may do it.
                worker.stop()
                worker.get_ready(meanwhile)
                kind, result = worker.run(task, arguments, limit, watched)
            whole = kind != "memory"  # a fresh one has given back what this one holds
        except TimeoutError:
            raise TooHeavy(
                f"no answer within {limit:g} seconds, the limit of this explorer: "
                f"{_SMALLER.get(task, _SMALLER_QUESTION)}, which has no limit"
            ) from None
        finally:  # also where the visitor has moved on: Streamlit stops the script this way
            if not whole:
                worker.stop()
                worker.start()
            self.lanes.give(turn, worker, fresh=not whole)
        return kind, result

    def _wait_for(self, turn: Turn, meanwhile: Meanwhile) -> Worker:
        begin = time.monotonic()
        while (worker := self.lanes.take(turn, _GLANCE)) is None:
            passed, place = time.monotonic() - begin, self.lanes.place(turn)
            if passed > self.patience:
                raise Busy(
                    f"no worker was free within {self.patience:g} seconds, and this question was "
                    f"number {place} in line: try again in a moment"
                )
            meanwhile(Moment(passed, place, turn.light))
        return worker

    def stop(self) -> None:
        """End all workers."""
        for worker in self.workers:
            worker.stop()


def _end_of(process: subprocess.Popen[bytes]) -> str:
    """How a process that is over came to its end."""
    code = process.returncode
    how = f"signal {-code}" if code < 0 else f"exit status {code}"
    return f"the process that solved it ended, {how}"


def workers_of_host() -> Workers:
    """The workers that the host asked for with environment variables."""
    return Workers(
        int(_number(WORKERS_VARIABLE, _WORKERS, 1, 64)),
        _number(SECONDS_VARIABLE, _SECONDS, 0.1, 3600),
    )


def _number(variable: str, default: float, least: float, most: float) -> float:
    try:
        value = float(os.environ.get(variable, default))
    except ValueError:
        return default
    return min(max(value, least), most)
