"""Controls of the page Capacity: numbers of languages, sizes of a model, hardware."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import streamlit as st

from atlasmix.laws.capacity import MOST_LANGUAGES
from atlasmix.laws.hardware import DEFAULT_UTILISATION, Machine, gpus, machine
from atlasmix.problem.problem import DEFAULT_PARAMS
from atlasmix.quantities import format_quantity
from explorer.question_form import BUDGETS, SIZES

_NO_GPU: Final = "none"


class Size(NamedTuple):
    """What a visitor says of the model that stands now; None where nothing."""

    params: float | None = None
    tokens: float | None = None
    share: float | None = None
    gpu: str = _NO_GPU
    utilisation: float = DEFAULT_UTILISATION


def language_count(place: Any, label: str, first: int) -> int:
    """How many languages."""
    count = place.number_input(
        label,
        min_value=1,
        max_value=MOST_LANGUAGES,
        value=first,
        step=1,
        key=label,
        persist_state="session",
    )
    return int(count)


def size_slider(place: Any, label: str, key: str, first: float, tokens: bool) -> float:
    """A number of parameters or tokens."""
    size = place.select_slider(
        label,
        BUDGETS if tokens else SIZES,
        value=first,
        format_func=format_quantity,
        key=key,
        persist_state="session",
    )
    return float(size)


def known_size() -> Size:
    """Size, balance and hardware of the model that stands now, as far as they are stated."""
    with st.container(horizontal=True):
        sized = st.toggle("Its size is known", value=True, key="sized", persist_state="session")
        balanced = st.toggle(
            "It is compute-optimal",
            value=True,
            key="balanced",
            persist_state="session",
            help="Off: state which part of its reducible loss more parameters would take away.",
        )
    share = None if balanced else _share()
    if not sized:
        return Size(share=share)
    left, middle, right = st.columns(3)
    params = size_slider(left, "Its parameters", "known-params", DEFAULT_PARAMS, tokens=False)
    tokens = size_slider(middle, "Its tokens, all languages", "known-tokens", 1e12, tokens=True)
    gpu, utilisation = hardware(right, right)
    return Size(params, tokens, share, gpu, utilisation)


def hardware(place: Any, under: Any) -> tuple[str, float]:
    """The accelerator that hours are counted on, ``none`` for none, and how well it is used."""
    names = list(dict.fromkeys(gpu.name for gpu in gpus().values()))
    gpu = place.selectbox(
        "GPU-hours of", [_NO_GPU, *names], index=1, key="gpu", persist_state="session"
    )
    utilisation = DEFAULT_UTILISATION
    if gpu != _NO_GPU:
        utilisation = under.slider(
            "Share of its peak that training gets",
            0.05,
            1.0,
            DEFAULT_UTILISATION,
            step=0.05,
            key="utilisation",
            persist_state="session",
            help="Model FLOPs utilisation: what a run gets of the arithmetic that the data sheet "
            "states.",
        )
    return str(gpu), float(utilisation)


def gpu_hours(gpu: str, utilisation: float) -> Machine | None:
    """The machine that hours are counted on; None where none is asked for."""
    return None if gpu == _NO_GPU else machine(gpu, None, utilisation)


def _share() -> float:
    share = st.slider(
        "Share of the reducible loss due to parameters",
        0.05,
        0.95,
        0.5,
        step=0.05,
        key="capacity-share",
        persist_state="session",
    )
    return float(share)
