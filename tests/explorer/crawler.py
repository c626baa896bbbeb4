"""Random links to the explorer, and every control of the page moved once: run by hand for many.

    OPENBLAS_NUM_THREADS=1 python tests/explorer/crawler.py 300 [first]

Prints one line a fault: an exception on a page, or words of a fault of ours. The exit status is 1
where there is one.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from typing import Any

from browsers import PATIENCE
from streamlit.testing.v1 import AppTest

from atlasmix.evidence.shelf import INVENTORIES, MATRICES, shipped_names
from atlasmix.io.shipped import explorer_script
from atlasmix.problem.parsing import AT_MOST, EXACTLY
from atlasmix.quantities import parse_flops, parse_quantity

LANGUAGES = (
    *("cat", "spa", "glg", "eus", "oci", "por", "eng", "fra", "deu", "swe", "nob", "isl", "cym"),
    *("yor", "swh", "hin", "tel", "jpn", "vie", "ind"),
)
OURS = "fault of AtlasMix"


def link(seed: int) -> dict[str, Any]:
    """A question with values that no control offers by itself."""
    draw = random.Random(seed)
    targets = draw.sample(LANGUAGES, draw.choice((1, 1, 2, 3, 6)))
    question: dict[str, Any] = {"targets": {key: draw.choice((1, 0.37, 12)) for key in targets}}
    if draw.random() < 0.25:
        question["compute"] = draw.choice((3e22, 7.7e20, 1.234e24))
    else:
        question["budget"] = draw.choice(("90B", "1.37T", "600B", "123456789", 10**13, "2B"))
        question["params"] = draw.choice(("6B", "1.7B", "130M", 2_040_000_000, "671B"))
        if draw.random() < 0.3:
            question["tokens"] = "exactly"
    others = {
        "max_epochs": (9, 1.7, {"default": 3.3, targets[0]: 8}),
        "lambda": (0.05, 0.0333, 0.61),
        "risk_aversion": (0.3, 1.234, 7.5),
        "objective": ("worst", "expected", "cautious"),
        "matrix": shipped_names(MATRICES),
        "inventory": (*shipped_names(INVENTORIES), ["web-2026", "code-math-2023"]),
        "pools": (
            ["human", "translated"],
            {"provenance": ["human"], "kind": ["web"]},
            {"provenance": ["human", "unknown"], "kind": "all"},
        ),
        "worth": ({"translated": 1.33}, {"translated": 0}),
        "min": ({targets[0]: 0.123}, {"*": "0.7%"}, {f"{targets[-1]}/human": "40%"}),
        "max": ({"spa": "17.77%"}, {"script:Latin": "99.9%"}),
        "keep": ({targets[0]: "123M"},),
        "human_floor": ("balanced", 0.4),
        "max_donors": (0, 1, 17),
        "guardrails": ({"eng": "3.3%:natural"},),
        "law": ("hoffmann-2022", "chinchilla-2022"),
        "phases": ([{"name": "main", "tokens": "rest"}, {"name": "anneal", "tokens": "7.7%"}],),
    }
    for name in draw.sample(sorted(others), draw.choice((0, 1, 2, 3))):
        question[name] = draw.choice(others[name])
    return question


def controls(at: AppTest) -> Iterator[tuple[str, Any]]:
    """Every control on the page, with its name."""
    kinds = (
        at.select_slider, at.selectbox, at.multiselect, at.slider, at.number_input,
        at.segmented_control, at.toggle, at.checkbox, at.text_input, at.button,
    )  # fmt: skip
    for kind in kinds:
        for control in kind:
            yield f"{type(control).__name__} {control.label}", control


def moved(control: Any, draw: random.Random) -> bool:
    """Give a control another value that it offers; False where it has none."""
    kind = type(control).__name__
    if control.disabled:
        return False
    if kind == "Button":
        control.click()
    elif kind in {"Toggle", "Checkbox"}:
        control.set_value(not control.value)
    elif kind in {"Slider", "NumberInput"}:
        control.set_value(draw.choice((control.min, control.max)))
    elif kind == "TextInput":
        control.set_value(draw.choice(("", "20B", "?")))
    elif kind == "Multiselect":
        kept = list(control.value)[1:]
        control.set_value(kept)
    elif not control.options:
        return False
    elif kind in {"SelectSlider", "ButtonGroup"}:
        control.set_value(_option(control, draw))
    else:
        control.select_index(draw.randrange(len(control.options)))
    return True


def _option(control: Any, draw: random.Random) -> Any:
    """One of the values behind the words that a control shows."""
    words = draw.choice(list(control.options))
    if control.label == "Size of the run":
        return words == "Compute"
    if control.label == "Tokens read, of the budget":
        return draw.choice((AT_MOST, EXACTLY))
    if type(control).__name__ == "ButtonGroup":
        return getattr(words, "content", words)
    if words.endswith("%"):
        return float(words.strip("<%")) / (200 if "<" in words else 100)
    return parse_flops(words, "compute") if "FLOP" in control.label else parse_quantity(words, "x")


def faults(seed: int, pages: tuple[str, ...] = ("mix",)) -> Iterator[str]:
    """What goes wrong on the way of one visitor."""
    draw, question = random.Random(seed), link(seed)
    at = AppTest.from_file(str(explorer_script().with_name("main.py")), default_timeout=PATIENCE)
    at.query_params["q"] = json.dumps(question)
    at.run()
    yield from wrong(at, f"{seed}: link {json.dumps(question)}")
    for page in pages:
        if page != "mix":
            at.switch_page(f"explorer/pages/{page}.py").run()
        names = [name for name, _ in controls(at)]
        for name in dict.fromkeys(names):
            # An earlier move may have taken a control away.
            control = next((each for named, each in controls(at) if named == name), None)
            if control is None or not moved(control, draw):
                continue
            at.run()
            shown = list(wrong(at, f"{seed}: {page}, {name} -> {getattr(control, 'value', '')!r}"))
            yield from shown
            if shown:
                return


def wrong(at: AppTest, where: str) -> Iterator[str]:
    """Exceptions and faults of ours on a page."""
    for error in at.exception:
        yield f"{where}: {error.value.splitlines()[0][:300]}"
    for part in (*at.error, *at.markdown):
        if OURS in str(part.value):
            yield f"{where}: {str(part.value)[:300]}"


def main() -> int:
    """Crawl as many links as the command line says."""
    count, first = (int(word) for word in (*sys.argv[1:], "0")[:2])
    told = 0
    for seed in range(first, first + count):
        for fault in faults(seed):
            told += 1
            print(fault, flush=True)
    print(f"{count} links, {told} faults")
    return int(told > 0)


if __name__ == "__main__":
    sys.exit(main())
