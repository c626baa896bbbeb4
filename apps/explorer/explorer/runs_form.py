"""Which runs are learned from, and what is wanted of their mixture."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import streamlit as st

from atlasmix.fitting.given_law import given_law
from atlasmix.fitting.learning import COMPARED, MIXING, Learned, LearnQuestion
from atlasmix.fitting.run_files import first_runs
from atlasmix.laws.shelf import shipped_laws
from atlasmix.mixture.learned_answer import DRAWS, MixtureWish
from atlasmix.quantities import parse_quantity, parse_share
from explorer.display import escaped, refuse
from explorer.downloads import file_button

EXAMPLE: Final = "regmix-1m"
EXAMPLE_RUNS: Final = 64
"""Runs of the worked example: our choice, what a small team can run; a few seconds of work."""
MOST_FILES: Final = 4
"""Files that are joined at most: our choice; two are what people have."""
EXAMPLE_FILE: Final = f"regmix-1m-first-{EXAMPLE_RUNS}.csv"

ENDINGS: Final = ["csv", "parquet", "jsonl", "ndjson", "xlsx"]
OWN, WORKED = "own", "example"
_SOURCES: Final = {WORKED: "The worked example", OWN: "Tables of my runs"}
ASSUMED: Final = "What one size cannot tell"
_NOWHENCE: Final = "is not assumed"
_NOWHERE: Final = "anywhere"
_NEAR: Final = {
    _NOWHERE: "anywhere",
    "best": "near the best run",
    "mean": "near the mean of the runs",
    "even": "near the even mixture",
}


class SentRuns(NamedTuple):
    """Files of runs.

    Attributes:
        names, contents: of each file.
        shipped: whether they come with AtlasMix.
    """

    names: tuple[str, ...]
    contents: tuple[bytes, ...]
    shipped: bool

    def key(self) -> str:
        """What tells them from others."""
        told = hashlib.sha256()
        for name, content in zip(self.names, self.contents, strict=True):
            told.update(hashlib.sha256(content).digest())
            told.update(name.encode())
        return told.hexdigest()


@st.cache_resource(show_spinner=False)
def example() -> SentRuns:
    """The runs that ship: enough to learn from, and few enough to be quick."""
    return SentRuns((EXAMPLE_FILE,), (first_runs(EXAMPLE, EXAMPLE_RUNS),), True)


def sent_runs() -> SentRuns | None:
    """The tables that a visitor brought, or the example; None while there is no table yet."""
    with st.container(border=True):
        chosen = st.segmented_control(
            "Runs",
            list(_SOURCES),
            format_func=lambda word: _SOURCES[word],
            default=WORKED,
            required=True,
            key="runs-from",
            persist_state="session",
        )
        if chosen == WORKED:
            st.caption(
                f"The first {EXAMPLE_RUNS} of the 512 public runs of RegMix: 17 domains of English "
                "text, models of 1M parameters, 13 losses. The whole table on the command line: "
                "atlasmix learn regmix-1m"
            )
            _pattern()
            return example()
        return _own()


def _own() -> SentRuns | None:
    sent = st.file_uploader(
        "One table, or two that share the run's id",
        type=ENDINGS,
        accept_multiple_files=True,
        key="runs-files",
        help="CSV, Parquet, JSON Lines or XLSX; every sheet of a workbook is a table.",
    )
    if len(sent) > MOST_FILES:
        refuse(f"{len(sent)} files: expected one table of runs, or at most {MOST_FILES} to join")
    elif sent:
        # The page forgets its uploads when the visitor looks at another.
        names = tuple(file.name[:80] for file in sent)
        st.session_state["runs-held"] = SentRuns(names, tuple(f.getvalue() for f in sent), False)
    held: SentRuns | None = st.session_state.get("runs-held")
    if held is not None and not sent:
        st.caption(f"Still open from before: {escaped(', '.join(held.names))}")
    st.caption(
        "A row a run: w_SOURCE (shares or tokens) and loss_SET; params, tokens and unique_SOURCE "
        "where they differ. RegMix's and Olmix's own tables are read as they are. Files of at most "
        "5 MiB; they stay in this session and are gone when you close the page."
    )
    _pattern()
    return held


def _pattern() -> None:
    file_button("Example table (CSV)", lambda: example().contents[0], EXAMPLE_FILE, "tertiary")


def learn_question() -> tuple[LearnQuestion, bool]:
    """Which law answers, on what it leans, and whether runs far above the others are kept."""
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    law = left.selectbox(
        "Law that answers",
        [MIXING, *COMPARED],
        key="runs-law",
        persist_state="session",
        help="All are fitted and judged on the same runs held out; this one gives the mixture.",
    )
    given = middle.selectbox(
        ASSUMED,
        [_NOWHENCE, *shipped_laws()],
        key="runs-constants-from",
        persist_state="session",
        help="Runs of one size tell no exponent. A law may give what they cannot tell, so that "
        "other sizes can be asked about: assumed, not learned. Of runs of several sizes nothing "
        "is taken.",
    )
    kept = right.toggle(
        "Keep diverged runs",
        key="runs-diverged",
        persist_state="session",
        help="Runs whose losses lie far above the others' are left out unless this is on.",
    )
    # By the name of a shipped law alone: no other name of a visitor's is looked for.
    leans = given_law(given) if given in shipped_laws() else None
    return LearnQuestion("" if law == MIXING else law, constants_from=leans), kept


def wish(learned: Learned) -> MixtureWish:
    """Limits, weights and size of the mixture, from its form.

    Raises:
        ProblemError: no share, or no number.
    """
    sources, sets = learned.runs.sources, learned.runs.sets
    with st.expander("Limits, weights and size", key="runs-wish"):
        left, right = st.columns(2)
        with left:
            low = _numbers("At least this share of", sources, "least", "%", parse_share)
            high = _numbers("At most this share of", sources, "most", "%", parse_share)
        with right:
            targets = _numbers("Losses that count", sets, "weight", "", _weight)
            near = _near()
            epochs, tokens, params = _sizes(learned)
    return MixtureWish(
        targets=targets,
        low=low,
        high=high,
        max_epochs=epochs,
        near=near,
        params=params,
        tokens=tokens,
        draws=DRAWS,
    )


_FIRST: Final = {"least": 5.0, "most": 30.0, "weight": 1.0}


def _numbers(
    label: str,
    names: Sequence[str],
    what: str,
    unit: str,
    parse: Callable[[str, str], float],
) -> dict[str, float]:
    """A number for each chosen name."""
    chosen = st.multiselect(
        label,
        names,
        key=f"runs-{what}-of-{tag(names)}",
        persist_state="session",
        placeholder="all, alike" if what == "weight" else "no limit",
        max_selections=20,
        select_all=False,
    )
    told = {}
    for name in chosen:
        value = st.number_input(
            f"{what.capitalize()} of {escaped(name)}{f', {unit}' if unit else ''}",
            min_value=0.0,
            max_value=100.0,
            value=_FIRST[what],
            step=1.0,
            format="%g",
            key=f"runs-{what}-{name}",
            persist_state="session",
        )
        told[name] = parse(f"{value:g}{unit}", f"{what} of {name}")
    return told


def tag(names: Sequence[str]) -> str:
    """What tells a control over these names from one over those of another table."""
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


def _weight(text: str, what: str) -> float:
    return float(text)


def _near() -> tuple[str, float] | None:
    reference = st.selectbox(
        "Where it may lie",
        list(_NEAR),
        format_func=lambda word: _NEAR[word],
        key="runs-near",
        persist_state="session",
        help="A law is surest near the runs; divergence (KL) says how far the mixture may go.",
    )
    if reference == _NOWHERE:
        return None
    most = st.number_input(
        "Most divergence from it, nats",
        min_value=0.001,
        max_value=10.0,
        value=0.1,
        step=0.05,
        format="%g",
        key="runs-divergence",
        persist_state="session",
    )
    return reference, most


def _sizes(learned: Learned) -> tuple[float | None, float | None, float | None]:
    """Most epochs, tokens and parameters, where the runs tell of them."""
    scale = learned.scale
    epochs = tokens = params = None
    if scale.tokens > 0:
        tokens = _quantity("Tokens that the model reads", "as the runs, or 100B", "tokens")
        if learned.runs.mixtures.unique is not None:
            epochs = _quantity("Epoch cap of every source", "no cap, or 4", "max_epochs")
    if scale.params_vary:
        params = _quantity("Parameters of the model", "as the runs, or 7B", "params")
    return epochs, tokens, params


def _quantity(label: str, placeholder: str, field: str) -> float | None:
    text = st.text_input(
        label,
        placeholder=placeholder,
        max_chars=20,
        key=f"runs-size-{field}",
        persist_state="session",
    ).strip()
    return parse_quantity(text, field) if text else None
