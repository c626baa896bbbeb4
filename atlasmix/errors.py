"""What can go wrong, as one tree: the class says who can mend it, the message says how.

``DataError`` is mended in a file or a number, ``ProblemError`` by asking differently,
``Infeasible`` by relaxing one of the limits it names, ``SolverFailed`` by reporting it.
"""

from __future__ import annotations


class AtlasMixError(Exception):
    """Any refusal of this library; its text is one sentence a user can act on."""


class DataError(AtlasMixError):
    """A file, a card or a figure in it is wrong.

    ``faults`` holds every fault found, one sentence each, with its row where there is one.
    """

    def __init__(self, message: str, faults: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.faults = faults

    def __str__(self) -> str:
        """The sentence, then every fault on a line of its own."""
        return "\n  - ".join((super().__str__(), *self.faults))


class UnknownLanguage(DataError):
    """A name or code that no table of languages knows; ``suggestions`` are the nearest."""

    def __init__(self, message: str, suggestions: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.suggestions = suggestions


class ProblemError(AtlasMixError):
    """The question cannot be asked this way; the message names the option to change."""


class Infeasible(ProblemError):
    """No mixture meets all limits; ``conflict`` names those that collide."""

    def __init__(self, message: str, conflict: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.conflict = conflict


class SolverFailed(AtlasMixError):
    """No engine returned an answer that passed its checks: a fault of ours, please report."""
