"""Capacity: how large a model, what more languages cost, from scratch or from a checkpoint."""

from functools import partial

import streamlit as st
from explorer import answers, session
from explorer.display import (
    before_use,
    escaped,
    figure,
    narrow_hint,
    report,
    sections,
    tell,
)
from explorer.growth_part import growth_part
from explorer.question_form import COMPUTES, FIRST_COMPUTE
from explorer.sizes import gpu_hours, hardware, known_size, language_count, size_slider

from atlasmix.evidence.shelf import DEFAULT_INVENTORY, LAWS
from atlasmix.languages.catalogue import all_languages, name_of
from atlasmix.laws.capacity import grow, starting
from atlasmix.laws.crossover import crossover, study
from atlasmix.laws.kinds import CurseLaw
from atlasmix.laws.learned_curse import curse_between
from atlasmix.laws.shelf import DEFAULT_CURSE, law_cards, load_curse
from atlasmix.problem.parsing import problem_to_mapping
from atlasmix.problem.problem import DEFAULT_PARAMS
from atlasmix.quantities import format_flops
from atlasmix.report.answer import size_sentence, sizes_blocks
from atlasmix.report.answer_words import caveat_sentences, headline
from atlasmix.report.figures.scaling import (
    crossover_figure,
    iso_loss_figure,
    iso_loss_title,
)
from atlasmix.report.laws import (
    capacity_blocks,
    crossover_blocks,
    crossover_source,
    hours_sentence,
)
from atlasmix.report.words import named


def more_languages() -> None:
    """From K to rK languages at equal loss."""
    tell(
        "A model that serves more languages needs more parameters and tokens to read each of them "
        "as well. Say where you stand and where you want to be."
    )
    left, right, law_place = st.columns(3)
    now = language_count(left, "Languages now", 24)
    then = language_count(right, "Languages to serve", 48)
    cards = law_cards(session.overlay())
    curses = [name for name, card in cards if isinstance(getattr(card, "law", None), CurseLaw)]
    curses += session.overlay().names(LAWS)
    name = law_place.selectbox(
        "Law", curses, index=curses.index(DEFAULT_CURSE), key="curse", persist_state="session"
    )
    size = known_size()
    learned = answers.own_law(name)
    law = (
        load_curse(name, session.overlay())
        if learned is None
        else curse_between(learned, now, then)
    )
    start = starting(law, now, size.params, size.tokens, size.share)
    growth = grow(law, start, then)
    blocks = capacity_blocks(
        growth, gpu_hours(size.gpu, size.utilisation), share="it under 'It is compute-optimal'"
    )
    report(blocks[:2])
    title = iso_loss_title(growth)
    figure(partial(iso_loss_figure, growth), "iso-loss", f"Iso-loss curve, {title}.")
    st.caption(
        "Every point of the line reaches the loss of now with the greater number of languages; "
        "left of it and below, the loss is higher. Predicted by the law, measured nowhere."
    )
    report(blocks[2:])


def compute_budget() -> None:
    """Parameters, tokens and mixture together, for the question of the page Mix."""
    st.subheader("What one compute budget buys")
    stated = ("budget", "tokens", "params")
    question = {key: value for key, value in session.question().items() if key not in stated}
    compute = st.select_slider(
        "Compute (FLOPs)",
        sorted({*COMPUTES, float(question.get("compute", FIRST_COMPUTE))}),
        value=float(question.get("compute", FIRST_COMPUTE)),
        format_func=format_flops,
        key="capacity-compute",
        persist_state="session",
        help="6 × parameters × tokens. Targets, pools and limits are those of the page Mix.",
    )
    left, right = st.columns(2)
    counted_on = gpu_hours(*hardware(left, right))
    answer = answers.about("answer", {**question, "compute": compute})
    size = answer.problem.allocation
    before_use(caveat_sentences(answer.mixture))
    st.markdown(f"**{escaped(size_sentence(size))}**")
    tell(headline(answer.mixture))
    if counted_on is not None:
        tell(hours_sentence(counted_on, compute))
    report(sizes_blocks(answer.problem))
    st.caption("Risk charge included, as in the search. The dotted line only leads the eye.")
    if st.button("Ask this on the page Mix", icon=":material/blender:"):
        session.step(problem_to_mapping(answer.problem))
        st.switch_page("explorer/pages/mix.py")


def scratch_or_finetune() -> None:
    """Where training from scratch overtakes a multilingual checkpoint."""
    tell(
        "With few tokens of a language, finetuning a multilingual checkpoint reaches a lower loss; "
        "with many, training from scratch does. Where the one overtakes the other, by size:"
    )
    keys = sorted((each.code for each in all_languages()), key=name_of)
    targets = list(session.question().get("targets", {}))
    first = next((key for key in targets if key in keys), study().measured[0][0])
    left, middle, right = st.columns(3)
    key = left.selectbox(
        "Language",
        keys,
        index=keys.index(first),
        format_func=named,
        key="crossover-language",
        persist_state="session",
    )
    params = size_slider(middle, "Parameters", "crossover-params", DEFAULT_PARAMS, tokens=False)
    tokens = size_slider(right, "Tokens you would read", "crossover-tokens", 300e9, tokens=True)
    inventory = answers.inventory(DEFAULT_INVENTORY)
    pools = inventory.select(languages=(key,), provenances=("human",))
    unique = sum(pool.unique_tokens for pool in pools)
    crossing = crossover(key, params, tokens, unique)
    blocks = crossover_blocks(crossing, inventory.name, unique)
    report(blocks[:2])
    alt = f"Tokens at which training {name_of(key)} from scratch overtakes finetuning, by size."
    figure(partial(crossover_figure, crossing), "crossover", alt)
    report(blocks[2:])
    tell(crossover_source(crossing))


SECTIONS = {
    "More languages": more_languages,
    "More in this mixture": growth_part,
    "One compute budget": compute_budget,
    "Scratch or finetune": scratch_or_finetune,
}
narrow_hint()
st.header("How large a model")
sections("capacity-section", SECTIONS)
