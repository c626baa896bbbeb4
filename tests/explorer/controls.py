"""The controls of a page without a browser, found as a visitor finds them: by what they say."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest


def control(at: AppTest, kind: str, label: str) -> Any:
    """The first control of a kind with a label.

    Args:
        at: the page.
        kind: as the page lists them: ``button``, ``selectbox``.
        label: as it is written beside the control.
    """
    return next(each for each in getattr(at, kind) if each.label == label)
