"""axe-core finds nothing serious on any page in either theme, and every control has a label."""

import pytest
from browsers import open_tab, settle

TABS = {
    "/": ["Mixture", "Effect", "What limits cost", "Why, and how sure", "Export"],
    "/transfer": [
        "One language",
        "Whole matrix",
        "Both directions",
        "Map",
        "Network",
        "Two matrices",
    ],
    "/capacity": ["More languages", "One compute budget", "Scratch or finetune"],
    "/evidence": [
        "Gaps for your targets",
        "Token inventories",
        "Published mixtures",
        "Loss laws",
        "Your own tables",
    ],
    "/scenarios": [],
    "/report": [],
    "/recipes": [],
}
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}


def serious(page):
    """What axe calls serious or critical: rule, and where."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options=RULES).response["violations"]
    return [
        (one["id"], [node["html"][:160] for node in one["nodes"]][:4])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


# Only contrast differs in the dark: the tabs that have every kind of control and text.
DARK = {
    "/": ["Mixture", "What limits cost", "Export"],
    "/transfer": ["Whole matrix"],
    "/capacity": ["More languages"],
    "/evidence": ["Gaps for your targets", "Your own tables"],
    "/recipes": [],
}


@pytest.mark.parametrize(
    ("path", "theme", "tabs"),
    [
        *((path, "light", tabs) for path, tabs in TABS.items()),
        *((path, "dark", tabs) for path, tabs in DARK.items()),
    ],
)
def test_no_serious_violation(visitor, path, theme, tabs):
    page = visitor(path, color_scheme=theme)
    for name in tabs or [""]:
        if name:
            open_tab(page, name)
        assert serious(page) == [], (path, theme, name)


def test_the_open_form_is_labelled(visitor):
    path = "/?q={targets: {cat: 1}, phases: [{name: main}, {name: late, tokens: 20%}]}"
    page = visitor(path, viewport={"width": 1280, "height": 1600})
    form = page.get_by_test_id("stSidebar")
    for name in (
        "Limits and guardrails",
        "Phases of the run",
        "Evidence and pools",
        "Objective and doubt",
    ):
        form.get_by_text(name, exact=True).click()
    box = page.get_by_role("combobox", name="Limit a phase")
    box.fill("late")
    page.get_by_role("option").filter(has_text="late").first.wait_for()
    box.press("Enter")
    page.get_by_role("button", name="Add limit to the phase").wait_for()
    settle(page)
    assert serious(page) == []
    bare = page.evaluate(
        """() => [...document.querySelectorAll('input, select, textarea, button')]
        .filter(e => e.offsetParent && !e.labels?.length && !e.getAttribute('aria-label')
            && !e.getAttribute('aria-labelledby') && !e.innerText.trim() && !e.title)
        .map(e => e.outerHTML.slice(0, 160))"""
    )
    assert bare == []
