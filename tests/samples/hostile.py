"""Files of strangers by structure: a sound one in which a few places hold what nobody expects."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import strategies as st

NUMBERS = (
    *(0, -1, 1, 0.5, 1e308, -1e308, 1e-320, 10**18, 10**19, 10**400),
    *(float("nan"), float("inf"), -float("inf")),
    *(
        "1e400",
        "-inf",
        "nan",
        "1__0",
        "1_0",
        "1,5",
        "1,5e9",
        "0x10",
        "50%",
        "1.5B",
        "٣",
        "9" * 5000,
    ),
)
TEXTS = (
    *(
        "",
        " ",
        "/",
        "None",
        "null",
        "no",
        "\0",
        "a\0b",
        "\ufeff",
        "\u202e",
        "\U0001f600",
        "a" * 5000,
    ),
    *(
        "../..",
        "{language}",
        "{" * 50,
        "*" * 40,
        "/d/h/cat_Latn",
        "cat_Latn",
        "cat",
        "de-fr",
        "es-qq",
    ),
    *("train[:10%]", "train[:5]", "0:0.9", "969,30,1", ",", ";", "#", "a#5", "[[]]", "&a *b"),
)
SHAPES: tuple[Any, ...] = (None, True, False, [], {}, [[]], [{}], {"a": {}}, [None], ["x"], [1, 2])
ODD = st.sampled_from((*NUMBERS, *TEXTS, *SHAPES))


def places(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of plain data, as the keys that lead there."""
    found = [path]
    if isinstance(content, dict):
        for key, value in content.items():
            found += places(value, (*path, key))
    elif isinstance(content, list):
        for number, value in enumerate(content):
            found += places(value, (*path, number))
    return found


@st.composite
def changed(draw: st.DrawFn, content: Any) -> Any:
    """The same data with one to three places changed, taken out, doubled or renamed."""
    content = copy.deepcopy(content)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(content)))
        if not path:
            if draw(st.integers(0, 9)) == 0:
                return copy.deepcopy(draw(ODD))
            continue
        holder = content
        for key in path[:-1]:
            holder = holder[key]
        how = draw(st.sampled_from(("put", "put", "put", "drop", "double", "rename")))
        if how == "put":
            holder[path[-1]] = copy.deepcopy(draw(ODD))
        elif how == "drop":
            del holder[path[-1]]
        elif isinstance(holder, list):
            holder.append(holder[path[-1]])
        else:
            name = draw(st.sampled_from(("x", path[-1] + "s", *TEXTS[:6])))
            holder[name] = holder.pop(path[-1]) if how == "rename" else holder[path[-1]]
    return content


def as_json(content: Any) -> str:
    """JSON as Python writes it, with numbers of any length, NaN and Infinity."""
    return json.dumps(content, ensure_ascii=False)


@st.composite
def broken(draw: st.DrawFn, text: str) -> str:
    """A text with a few pieces cut out, doubled, or written over."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, max(len(text) - 1, 0)))
        end = start + draw(st.integers(0, 20))
        piece = draw(
            st.sampled_from(
                ("", text[start:end] * 2, "\n", "\t", ",", ":", '"', "{", "[", " " * 300)
            )
            | st.sampled_from([str(number)[:300] for number in NUMBERS if number != 10**400])
            | st.sampled_from(TEXTS)
        )
        text = text[:start] + piece + text[end:]
    return text
