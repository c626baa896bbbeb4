"""What can go wrong, as one tree: the class says who can mend it, the message says how.

``DataError`` is mended in a file or a number, ``ProblemError`` by asking differently,
``Infeasible`` by relaxing one of the limits it names, ``SolverFailed`` by reporting it.

Every error may name the ``field`` it is about. The library speaks of arguments and keys alone;
the command line, the app and a notebook each add what the field is called there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class AtlasMixError(Exception):
    """Any refusal of this library; its text is one sentence a user can act on.

    Attributes:
        field: argument, or key of a question, that the refusal is about: ``max_epochs``. None
            where it is about no single one.
        hint: what to do, in plain words.
        value: what was given for ``field``.
    """

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        hint: str | None = None,
        value: object = None,
    ) -> None:
        """A refusal in words: what was found and what was expected."""
        super().__init__(message)
        self.field = field
        self.hint = hint
        self.value = value

    @property
    def sentence(self) -> str:
        """The message and, after a semicolon, the hint.

        >>> AtlasMixError("no target", field="targets", hint="name a language").sentence
        'no target; name a language'
        """
        message = super().__str__()
        if not self.hint:
            return message
        body = message.rstrip(":")  # of a list of faults that follows
        return f"{body}; {self.hint}{message[len(body) :]}"

    def __str__(self) -> str:
        """The whole sentence."""
        return self.sentence


class DataError(AtlasMixError):
    """A file, a card or a figure in it is wrong.

    ``faults`` holds every fault found, one sentence each, with its row where there is one.

    >>> str(DataError("table runs.csv has 1 fault", ("row 3: loss is empty",))).splitlines()
    ['table runs.csv has 1 fault', '  - row 3: loss is empty']
    """

    def __init__(
        self,
        message: str,
        faults: tuple[str, ...] = (),
        *,
        field: str | None = None,
        hint: str | None = None,
        value: object = None,
    ) -> None:
        """A refusal with every fault found."""
        super().__init__(message, field=field, hint=hint, value=value)
        self.faults = faults

    def __str__(self) -> str:
        """The sentence, then every fault on a line of its own."""
        return "\n  - ".join((self.sentence, *self.faults))


class UnknownLanguage(DataError):
    """A name or code that no table of languages knows; ``suggestions`` are the nearest."""

    def __init__(
        self,
        message: str,
        suggestions: tuple[str, ...] = (),
        *,
        field: str | None = None,
        hint: str | None = None,
        value: object = None,
    ) -> None:
        """A refusal with the languages that were perhaps meant."""
        super().__init__(message, field=field, hint=hint, value=value)
        self.suggestions = suggestions


class ProblemError(AtlasMixError):
    """The question cannot be asked this way; ``field`` is the key to change.

    >>> from atlasmix import Problem
    >>> try:
    ...     Problem("cat", budget="lots")
    ... except ProblemError as error:
    ...     error.field
    'budget'
    """


class Infeasible(ProblemError):
    """No mixture meets all limits; ``conflict`` names those that collide.

    >>> from atlasmix import AtLeast, Problem
    >>> try:
    ...     Problem("cat", constraints=[AtLeast("spa", 0.8), AtLeast("eng", 0.5)]).solve()
    ... except Infeasible as error:
    ...     error.conflict
    ('min eng 50%', 'min spa 80%')
    """

    def __init__(
        self,
        message: str,
        conflict: tuple[str, ...] = (),
        *,
        field: str | None = None,
        hint: str | None = None,
        value: object = None,
    ) -> None:
        """A refusal with the limits that collide."""
        super().__init__(message, field=field, hint=hint, value=value)
        self.conflict = conflict


class SolverFailed(AtlasMixError):
    """No engine returned an answer that passed its checks: a fault of ours, please report."""


@contextmanager
def about(field: str, value: object = None) -> Iterator[None]:
    """Errors of the body are about ``field``, unless they name another themselves.

    Args:
        field: argument, or key of a question.
        value: what was given for it.

    >>> try:
    ...     with about("budget", "3 apples"):
    ...         raise ProblemError("no number")
    ... except ProblemError as error:
    ...     print(error.field, error.value)
    budget 3 apples
    """
    try:
        yield
    except AtlasMixError as error:
        if error.field is None:
            error.field = field
            error.value = value if error.value is None else error.value
        raise
