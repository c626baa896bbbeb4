"""axe-core finds nothing serious on any page and its tabs, in either theme."""

import pytest
from axe import PAGES, serious
from browsers import open_tab


def address(name):
    return "/" if name == "mix" else f"/{name}"


# The tabs with every kind of control and text, for the dark, where only contrast differs.
DARK = {
    "mix": ["Mixture", "What limits cost", "Export"],
    "transfer": ["Whole matrix"],
    "capacity": ["More languages"],
    "evidence": ["Gaps for your targets", "Your own tables"],
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_no_serious_violation_on_a_page_and_its_tabs(visitor, name, theme):
    page = visitor(address(name), color_scheme=theme)
    tabs = [tab.inner_text() for tab in page.get_by_role("tab").all()]
    if theme == "dark":
        tabs = [tab for tab in tabs if tab in DARK.get(name, tabs[:1])]
    for tab in tabs or [""]:
        if tab:
            open_tab(page, tab)
        assert serious(page) == [], tab
