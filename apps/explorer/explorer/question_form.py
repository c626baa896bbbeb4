"""The form that asks: each control changes one key of the question, in the library's own words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final

import streamlit as st

from atlasmix.errors import AtlasMixError
from atlasmix.evidence.pools import POOL_KINDS, PROVENANCES
from atlasmix.evidence.shelf import DEFAULT_INVENTORY, LAWS
from atlasmix.evidence.transfer_matrix import TransferMatrix
from atlasmix.laws.saturation import DECAY_RANGE, DEFAULT_DECAY
from atlasmix.laws.shelf import DEFAULT_LAW, shipped_laws
from atlasmix.problem.parsing import AT_MOST, EXACTLY
from atlasmix.problem.pool_choice import DEFAULT_CHOICE
from atlasmix.problem.problem import (
    DEFAULT_BUDGET,
    DEFAULT_EPOCHS,
    DEFAULT_PARAMS,
    DEFAULT_RISK_AVERSION,
    MOST_DRIFT_PENALTY,
    OBJECTIVES,
    WORTH,
)
from atlasmix.quantities import format_flops, format_quantity, parse_flops, parse_quantity
from explorer import answers, session
from explorer.changes import ask_with
from explorer.limits_form import limits_form
from explorer.near_form import near_form
from explorer.phases_form import phases_form
from explorer.targets_form import start, targets

_BUDGETS: Final = (
    "1B 2B 3B 5B 7B 10B 20B 30B 50B 70B 100B 150B 200B 300B 500B 700B 1T 1.5T 2T 3T 5T 7T 10T 15T "
    "20T"
)
_SIZES: Final = (
    "100M 200M 300M 500M 700M 1B 1.5B 2B 3B 4B 7B 8B 10B 13B 20B 30B 40B 70B 100B 200B 400B 1T"
)
BUDGETS: Final = tuple(parse_quantity(text, "budget") for text in _BUDGETS.split())
SIZES: Final = tuple(parse_quantity(text, "params") for text in _SIZES.split())
COMPUTES: Final = tuple(
    parse_flops(f"{digit}e{power}", "compute") for power in range(19, 27) for digit in (1, 2, 5)
)
FIRST_COMPUTE: Final = 1e22
"""Our choice: about 2B parameters on 800B tokens."""
DECAYS: Final = (0.01, 0.024, 0.05, 0.065, 0.1, 0.15, 0.2, 0.25, 0.34, 0.5)
EPOCHS: Final = (0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 10, 12, 14, 16)
_MOST_DOUBT: Final = 4.0
_MOST_WORTH: Final = 2.0
OBJECTIVE_WORDS: Final = {
    "loss": "Mean predicted loss",
    "worst": "The worst-off target",
    "expected": "Mean over draws of the scores",
    "cautious": "Mean over the worst draws",
    "regret": "Least regret over matrices",
}
TOKENS_WORDS: Final = {AT_MOST: "At most", EXACTLY: "Exactly"}


def question_form() -> None:
    """All controls, in the sidebar."""
    question = session.question()
    start(question)
    matrix = _matrix()
    if matrix is not None:
        targets(question, matrix)
    _sizes(question)
    with st.expander("Limits and guardrails", icon=":material/tune:", key="open-limits"):
        if matrix is not None:
            limits_form(question, matrix)
    with st.expander("Phases of the run", icon=":material/timeline:", key="open-phases"):
        if matrix is not None:
            phases_form(question, matrix)
    with st.expander("Evidence and pools", icon=":material/inventory_2:", key="open-evidence"):
        _evidence(question)
    with st.expander("Objective and doubt", icon=":material/function:", key="open-mathematics"):
        _mathematics(question)


def _control(
    name: str, value: object, key: str, read: Callable[[Any], object], takes: str = "value"
) -> dict[str, Any]:
    """Key, callback and ``value`` (as the control ``takes`` it) of a control that writes ``key``.

    ``read`` makes what the question holds of what the control holds.
    """
    widget = session.key(name)

    def changed() -> None:
        if not session.stands(widget):
            return
        held = st.session_state[widget]
        session.change(key, read(held))
        if held == []:  # nothing chosen asks for the usual, which the control then shows
            session.renew()

    return {"key": widget, "on_change": changed, takes: session.first(widget, value)}


def _sliding(
    name: str,
    series: Iterable[float],
    value: float,
    key: str,
    read: Callable[[Any], object] = lambda each: each,
) -> dict[str, Any]:
    """A slider over a series: what it began with stays on it, wherever it is moved."""
    control = _control(name, value, key, read)
    return {"options": sorted({*series, value, control["value"]}), **control}


def choosing(
    name: str,
    known: Iterable[Any],
    value: Any,
    key: str,
    read: Callable[[Any], object] = lambda each: each,
) -> dict[str, Any]:
    """A choice of one: what it began with stays among the options, whatever is known by now."""
    control = _control(name, value, key, read)
    first = control.pop("value")
    offered = list(dict.fromkeys([*known, value, first]))
    return {"options": offered, "index": offered.index(first), **control}


def _matrix() -> TransferMatrix | None:
    try:
        return answers.matrix(session.matrix_name())
    except AtlasMixError:
        return None


def _sizes(question: Mapping[str, Any]) -> None:
    by_compute = "compute" in question
    widget = session.key("by-compute")

    def changed() -> None:
        if session.stands(widget):
            session.size_by(st.session_state[widget], FIRST_COMPUTE)

    st.segmented_control(
        "Size of the run",
        [False, True],
        default=session.first(widget, by_compute),
        format_func=lambda compute: "Compute" if compute else "Tokens and parameters",
        required=True,
        help="State tokens and parameters, or compute: then both are chosen with the mixture.",
        key=widget,
        on_change=changed,
    )
    if by_compute:
        now = float(_number(question["compute"], FIRST_COMPUTE))
        st.select_slider(
            "Compute (FLOPs)",
            format_func=format_flops,
            help="6 × parameters × tokens.",
            **_sliding("compute", COMPUTES, now, "compute"),
        )
    else:
        _tokens_and_parameters(question)
    _epochs(question)


def _tokens_and_parameters(question: Mapping[str, Any]) -> None:
    for key, words, usual, series, what in (
        (
            "budget",
            "Token budget",
            DEFAULT_BUDGET,
            BUDGETS,
            "Tokens read in training, repeats included.",
        ),
        ("params", "Parameters", DEFAULT_PARAMS, SIZES, "With embeddings, as ATLAS counts them."),
    ):
        now = _number(question.get(key), usual)
        st.select_slider(
            words, format_func=format_quantity, help=what, **_sliding(key, series, now, key)
        )
        if key == "budget":
            _exactly(question)


def _exactly(question: Mapping[str, Any]) -> None:
    st.segmented_control(
        "Tokens read, of the budget",
        list(TOKENS_WORDS),
        format_func=lambda word: TOKENS_WORDS[word],
        required=True,
        help="At most so many: fewer where every further token would do more harm than good. "
        "Exactly: all of the budget even then.",
        **_control(
            "tokens",
            question.get("tokens", AT_MOST),
            "tokens",
            lambda word: None if word == AT_MOST else word,
            "default",
        ),
    )


def _epochs(question: Mapping[str, Any]) -> None:
    caps = question.get("max_epochs", DEFAULT_EPOCHS)
    own = {} if not isinstance(caps, dict) else {k: v for k, v in caps.items() if k != "default"}
    cap = _number(caps.get("default") if isinstance(caps, dict) else caps, DEFAULT_EPOCHS)
    st.select_slider(
        "Epoch cap",
        format_func=lambda value: f"{value:g}",
        help="Most passes over any pool.",
        **_sliding(
            "epochs", EPOCHS, cap, "max_epochs", lambda v: {**own, "default": v} if own else v
        ),
    )


def _number(value: object, usual: float) -> float | int:
    number = usual if not isinstance(value, int | float) or isinstance(value, bool) else value
    return int(number) if float(number).is_integer() else number


def _evidence(question: Mapping[str, Any]) -> None:
    overlay = session.overlay()
    law = question.get("law")
    brought = [law] if answers.own_law(law) is not None else []
    st.selectbox(
        "Transfer matrix",
        format_func=lambda name: f"weights of {name}" if name in brought else name,
        help="Scores of every language for every other.",
        **choosing("matrix", [*brought, *overlay.matrix_names()], session.matrix_name(), "matrix"),
    )
    st.text_input(
        "Calibration",
        max_chars=80,
        placeholder="as the matrix implies",
        help="From score to transfer weight where the matrix is on another scale: "
        "affine:SLOPE,INTERCEPT, your own figures.",
        **_control(
            "calibration",
            question.get("calibration", ""),
            "calibration",
            lambda text: text.strip() or None,
        ),
    )
    names = question.get("inventory", DEFAULT_INVENTORY)
    chosen = [names] if isinstance(names, str) else list(names)
    control = _control("inventory", chosen, "inventory", lambda each: each or None, "default")
    st.multiselect(
        "Token inventories",
        list(dict.fromkeys([*overlay.inventory_names(), *chosen, *control["default"]])),
        help="Where the pools come from; one or several.",
        select_all=False,
        **control,
    )
    pools_form(question)


def pools_form(question: Mapping[str, Any]) -> None:
    """Which pools may be read, by provenance and kind, and what a token of them is worth."""
    pools = question.get("pools", DEFAULT_CHOICE)
    pools = pools if isinstance(pools, dict) else {"provenance": pools}
    for key, words, known in (
        ("provenance", "Provenance", PROVENANCES),
        ("kind", "Kind of text", POOL_KINDS),
    ):
        st.multiselect(
            words,
            known,
            format_func=lambda word: word.replace("_", "-"),
            select_all=False,
            **_control(
                f"pools-{key}",
                [word for word in pools.get(key, DEFAULT_CHOICE[key]) if word in known],
                "pools",
                _pool_reader(pools, key),
                "default",
            ),
        )
    _worth(
        question,
        [word for word in pools.get("provenance", []) if word in WORTH and word != "human"],
    )


def _pool_reader(pools: Mapping[str, Any], key: str) -> Callable[[Any], object]:
    # A list of pools by name stands alone: choosing by provenance begins anew.
    kept = {} if "name" in pools else pools
    others = {name: value for name, value in kept.items() if name != key}
    return lambda each: ({**others, key: each} if each else others) or None


def _with_worth(given: Mapping[str, Any], kind: str, value: float) -> dict[str, Any]:
    return {**given, kind: value}


def _worth(question: Mapping[str, Any], kinds: list[str]) -> None:
    given = question.get("worth", {})
    for kind in kinds:
        now = float(given.get(kind, WORTH[kind]))
        control = _control(f"worth-{kind}", now, "worth", partial(_with_worth, given, kind))
        st.number_input(
            f"Worth of a token: {kind.replace('_', '-')}",
            min_value=0.0,
            max_value=max(_MOST_WORTH, now, control["value"]),
            step=0.05,
            help="Against a human token of the same language.",
            **control,
        )


def _mathematics(question: Mapping[str, Any]) -> None:
    # The regret is over several matrices, which a link or a file names.
    several = bool(question.get("rivals"))
    objectives = ["regret"] if several else [word for word in OBJECTIVES if word != "regret"]
    now = "regret" if several else str(question.get("objective", "loss"))
    st.selectbox(
        "Objective",
        format_func=lambda word: OBJECTIVE_WORDS[word],
        **choosing("objective", objectives, now, "objective"),
    )
    near_form(question)
    _law(question)
    doubt = float(_number(question.get("risk_aversion"), DEFAULT_RISK_AVERSION))
    control = _control("risk_aversion", doubt, "risk_aversion", lambda value: value)
    st.slider(
        "Risk aversion κ",
        0.0,
        max(_MOST_DOUBT, doubt, control["value"]),
        step=0.05,
        help="Standard errors taken off the weight τ of every donor, which never falls below 0; 0 "
        "trusts every score.",
        **control,
    )
    drift_form(question)
    _decay(question)


def _law(question: Mapping[str, Any]) -> None:
    law = question.get("law", DEFAULT_LAW)
    if not isinstance(law, str):  # one that a file wrote out
        return
    known = [*session.overlay().names(LAWS), *shipped_laws()]
    control = choosing("law", known, law, "law")
    widget = control["key"]

    def changed() -> None:
        if session.stands(widget):
            ask_with("law", st.session_state[widget])

    st.selectbox(
        "Loss law",
        help="One that you learned from runs of your own is brought on the page Evidence, under "
        "'Your own tables', or made on the page Own runs.",
        **{**control, "on_change": changed},
    )


def drift_form(question: Mapping[str, Any]) -> None:
    """What the loss may give for less machine text."""
    st.number_input(
        "Drift penalty",
        min_value=0.0,
        max_value=MOST_DRIFT_PENALTY,
        step=0.01,
        format="%.3g",
        help="Loss given for one unit less of excess error amplification, over the tokens of the "
        "budget: the more, the more human text. 0: no such term; what machine text risks is told "
        "with every answer that reads some.",
        **_control(
            "drift_penalty",
            float(_number(question.get("drift_penalty"), 0.0)),
            "drift_penalty",
            lambda value: value or None,
        ),
    )


def _decay(question: Mapping[str, Any]) -> None:
    named = str(question.get("law", DEFAULT_LAW))
    law = answers.own_law(named) or shipped_laws().get(named)
    usual = (law and law.decay) or DEFAULT_DECAY
    decay = float(_number(question.get("lambda"), usual))
    st.select_slider(
        "Decay of repeats λ",
        format_func=lambda value: f"{value:.3g}",
        help="How fast a repeated token loses worth; each law's card has the one that was fitted "
        f"with it, published estimates lie in {DECAY_RANGE[0]:.2g} to {DECAY_RANGE[1]:.2g}.",
        **_sliding("lambda", DECAYS, decay, "lambda"),
    )
