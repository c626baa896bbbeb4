"""axe-core finds nothing serious in any state of a page; keys do all of it."""

import re

import pytest
from axe import PAGES, serious
from browsers import choose, go, heading, moved_on, open_tab, press, settle, until
from law_runs import law_file
from test_evidence_page import CARD
from test_over_http import recipe_text
from test_runs_page import SWARM
from translated_corpus import write_corpus

from atlasmix.audit.corpus.audit_file import Audit, write_audit
from atlasmix.audit.corpus.corpus import CountingPlan, count_corpus
from atlasmix.audit.corpus.listing import list_corpus


def opens(page):
    """Open every expander of the page that is seen."""
    closed = page.locator("[data-testid=stMain] details:not([open]) > summary")
    for _ in range(10):
        if not closed.count():
            break
        closed.first.click()
        page.wait_for_timeout(300)
        settle(page)


def changed_with_undo(visitor, **theme):
    page = visitor(**theme)
    said = heading(page)
    press(page, "Epoch cap", "ArrowLeft")
    moved_on(page, said)
    open_tab(page, "Before and after")
    page.get_by_role("button", name="Undo").first.wait_for()
    yield page


def before_and_after(visitor, **theme):
    page = visitor(**theme)
    open_tab(page, "What limits cost")
    page.get_by_role("button", name="Epoch cap: 4 to 8").click()
    page.get_by_role("heading", name="went elsewhere").wait_for()
    settle(page)
    yield page


def caveat(visitor, **theme):
    page = visitor("/?q={targets: {yor: 1, eng: 1}, budget: 8T, min: {yor: 1%}}", **theme)
    page.get_by_text("Before you use this").first.wait_for()
    yield page


def infeasible(visitor, **theme):
    page = visitor("/?q={targets: {cat: 1}, min: {cat: 90%, spa: 20%}}", **theme)
    until(page, "no answer as it stands")
    yield page


def refused_link(visitor, **theme):
    page = visitor("/?q={targets: {cat: 1}, colour: red}", **theme)
    until(page, "This link was not opened")
    yield page


def waiting(visitor, halted, **theme):
    """Two questions are solved, the third stands in line."""
    # No two ask the same, nor what a visitor before them was answered.
    links = [f"/?q={{targets: {{cat: 1}}, budget: {number}B}}" for number in (93, 94, 97)]
    pages = [visitor(link, **theme) for link in links]
    go_on = halted()
    for page in pages:
        press(page, "Epoch cap", "ArrowRight")
        page.locator(".st-key-waiting").get_by_text(re.compile("Solving|In line")).wait_for()
    yield pages[2]
    go_on()


def phone_with_sidebar(visitor, **theme):
    page = visitor(viewport={"width": 390, "height": 844}, **theme)
    page.get_by_test_id("stExpandSidebarButton").click()
    page.locator("[data-testid=stSidebar][data-collapsed=false]").wait_for()
    page.wait_for_timeout(500)
    yield page


def every_expander(path):
    def state(visitor, **theme):
        page = visitor(path, **theme)
        opens(page)
        yield page

    return state


def menu(visitor, **theme):
    page = visitor(**theme)
    page.get_by_role("button", name="Main menu").click()
    page.wait_for_timeout(300)
    yield page


def scores_without_weights(visitor, **theme):
    page = visitor("/transfer", **theme)
    choose(page, "Transfer matrix", "langrank-2019-mt")
    page.get_by_text("is no transfer weight").first.wait_for()
    settle(page)
    yield page


def upload_refused(visitor, **theme):
    page = visitor("/evidence", **theme)
    open_tab(page, "Your own tables")
    files = page.locator("input[type=file]")
    table = b"source,target,score\nspa,cat,9\nxx,cat,0.2\n"
    for place, (name, kind, content) in enumerate(
        [("scores.csv", "text/csv", table), ("card.yaml", "application/yaml", CARD)]
    ):
        files.nth(place).set_input_files({"name": name, "mimeType": kind, "buffer": content})
    page.get_by_role("textbox", name="Name").fill("broken")
    page.get_by_role("button", name="Check and add").click()
    page.get_by_role("alert").first.wait_for()
    opens(page)
    yield page


def recipe(page, which, text):
    choose(page, f"Recipe {which}", "A recipe file")
    settle(page)
    page.locator("input[type=file]").last.set_input_files(
        {"name": f"{which}.yaml", "mimeType": "application/yaml", "buffer": text}
    )


def recipe_opened(visitor, **theme):
    page = visitor("/recipes", **theme)
    recipe(page, "A", recipe_text())
    page.get_by_text("What it reads").wait_for()
    settle(page)
    yield page


def recipe_refused(visitor, **theme):
    page = visitor("/recipes", **theme)
    recipe(page, "A", b"a: recipe, maybe")
    page.get_by_role("alert").first.wait_for()
    yield page


def recipes_compared(visitor, **theme):
    page = visitor("/recipes", **theme)
    choose(page, "Recipe B", "A published mixture")
    page.get_by_text("percentage points").first.wait_for()
    settle(page)
    yield page


def phases_exported(visitor, **theme):
    asked = "{targets: {cat: 1}, phases: [{name: main}, {name: late, tokens: 20%}]}"
    page = visitor(f"/?q={asked}", **theme)
    open_tab(page, "Export")
    yield page


def scenarios_beside(visitor, **theme):
    """Two that are kept, beside that of now."""
    page = visitor(**theme)
    for name in ("First", "Second"):
        page.get_by_role("button", name="Keep as a scenario").click()
        page.get_by_role("textbox", name="Name of this scenario").fill(name)
        page.get_by_role("button", name="Keep it").click()
        page.get_by_text("Kept as").first.wait_for()
        said = heading(page)
        press(page, "Epoch cap", "ArrowLeft")
        moved_on(page, said)
    go(page, "Scenarios")
    page.get_by_role("columnheader", name="Second").first.wait_for()
    yield page


def a_language(visitor, **theme):
    page = visitor("/evidence?language=glg", **theme)
    page.get_by_role("heading", name="Its relatives").wait_for()
    opens(page)
    yield page


def brought(visitor, kind, name, content, **theme):
    """A table or a law of a visitor's own, on the page Evidence."""
    page = visitor("/evidence", **theme)
    open_tab(page, "Your own tables")
    page.get_by_role("radio", name=kind).click()
    settle(page)
    page.locator("input[type=file]").first.set_input_files(
        {"name": name, "mimeType": "text/yaml", "buffer": content}
    )
    page.get_by_role("button", name="Check and add").click()
    page.get_by_text("is in order").wait_for()
    return page


def own_law(visitor, **theme):
    page = brought(visitor, "A law learned from runs", "mine.yaml", law_file(), **theme)
    yield page
    open_tab(page, "Loss laws")
    yield page


def card_as_a_form(visitor, **theme):
    page = visitor("/evidence", **theme)
    open_tab(page, "Your own tables")
    page.get_by_role("radio", name="Fill it in here").click()
    settle(page)
    opens(page)
    yield page


def audit_opened(visitor, tmp_path, **theme):
    page = visitor("/provenance", **theme)
    open_tab(page, "An audit")
    write_corpus(tmp_path / "corpus.jsonl")
    counts = count_corpus(list_corpus(tmp_path / "corpus.jsonl"), CountingPlan())
    write_audit(tmp_path / "a.audit.json", Audit("my corpus", counts))
    page.locator("input[type=file]").set_input_files(tmp_path / "a.audit.json")
    page.get_by_role("button", name="Ask with its pools").wait_for()
    opens(page)
    yield page


def machine_text(visitor, **theme):
    asked = "{targets: {cat: 1}, budget: 300B, pools: [human, translated], drift_penalty: 0.5}"
    page = visitor(f"/provenance?q={asked}", **theme)
    page.get_by_role("heading", name="Machine text, and what it risks").wait_for()
    yield page


def runs_sent(visitor, content, **theme):
    page = visitor("/runs", **theme)
    page.get_by_role("radio", name="Tables of my runs").click()
    settle(page)
    page.locator("input[type=file]").set_input_files(
        {"name": "swarm.csv", "mimeType": "text/csv", "buffer": content}
    )
    return page


def runs_refused(visitor, **theme):
    page = runs_sent(visitor, b"a,b\n1,2\n", **theme)
    page.get_by_role("alert").first.wait_for()
    yield page


def runs_of_ones_own(visitor, **theme):
    """Of one size: the limits of their mixture, and the runs to train next."""
    page = runs_sent(visitor, SWARM, **theme)
    page.get_by_role("tab", name="Best mixture").wait_for()
    settle(page)
    open_tab(page, "Best mixture")
    opens(page)
    yield page
    open_tab(page, "Runs to train next")
    yield page


# What a page looks like beside its tabs as they open; a page that is new has to say.
STATES = {
    "mix": [
        changed_with_undo,
        before_and_after,
        caveat,
        infeasible,
        refused_link,
        waiting,
        phone_with_sidebar,
        menu,
        phases_exported,
    ],
    "transfer": [every_expander("/transfer"), scores_without_weights],
    "capacity": [every_expander("/capacity")],
    "evidence": [upload_refused, card_as_a_form, a_language, own_law],
    "recipes": [recipe_opened, recipe_refused, recipes_compared],
    "scenarios": [every_expander("/scenarios"), scenarios_beside],
    "runs": [every_expander("/runs"), runs_refused, runs_of_ones_own],
    "provenance": [every_expander("/provenance"), machine_text, audit_opened],
    "report": [every_expander("/report")],
}


def test_every_page_has_its_states():
    """Without them nobody has looked at more than how it opens."""
    assert set(PAGES) <= set(STATES)


@pytest.mark.parametrize(
    "state",
    [pytest.param(s, id=f"{n}-{s.__name__}") for n in PAGES for s in STATES.get(n, ())],
)
def test_no_serious_violation_in_a_state(visitor, request, state):
    wanted = {waiting: "halted", audit_opened: "tmp_path"}
    extra = [request.getfixturevalue(wanted[state])] if state in wanted else []
    for page in state(visitor, *extra, color_scheme="dark"):
        assert serious(page) == []


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
    choose(page, "Limit a phase", "late")
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


FOCUSED = """() => { const e = document.activeElement;
    const said = document.getElementById(e.getAttribute('aria-labelledby'))?.innerText;
    return [e.getAttribute('role') ?? e.type ?? e.tagName,
        e.getAttribute('aria-label') || said || e.labels?.[0]?.innerText || e.innerText || '']
        .join(' '); }"""
# A ring, a shadow, or a border in the accent, on the control or what it stands in.
SEEN = """() => { const near = [document.activeElement.firstElementChild];
    for (let e = document.activeElement; e && near.length < 8; e = e.parentElement) near.push(e);
    return near.some(e => { const style = e && getComputedStyle(e);
        return style && (style.outlineStyle !== 'none' || style.boxShadow !== 'none'
            || style.borderColor === 'rgb(42, 110, 189)'); }); }"""


def by_tab(page, words):
    """Press Tab until the focus is on a control with these words."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if re.search(words, page.evaluate(FOCUSED)):
            assert page.evaluate(SEEN), f"{words}: the focus is not seen"
            return
    raise AssertionError(f"no {words} by keyboard")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_focus_on_a_link_to_a_page_is_a_ring(visitor, theme):
    """A shade of the ground alone was hardly seen, as on the link to Capacity."""
    page = visitor(color_scheme=theme)
    by_tab(page, "Capacity")
    ring = page.evaluate(
        """() => { const style = getComputedStyle(document.activeElement);
        return [style.outlineStyle, style.outlineWidth, style.outlineColor === style.color]; }"""
    )
    assert ring == ["solid", "2px", True]


def test_the_main_way_by_keyboard_alone(visitor, tmp_path):
    """From another target and another epoch cap to a recipe on the disk."""
    page = visitor()
    by_tab(page, "^combobox .*Target languages")
    page.keyboard.type("French")
    page.keyboard.press("Enter")
    until(page, "French")
    page.keyboard.press("Escape")
    by_tab(page, "^(slider|range) .*Epoch cap")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(re.compile("max_epochs"))
    settle(page)
    by_tab(page, "tab Mixture")
    page.keyboard.press("End")  # the last of the tabs
    page.keyboard.press("Enter")
    page.locator('[role=tab][aria-selected=true]:has-text("Export")').wait_for()
    settle(page)
    by_tab(page, r"Recipe \(YAML\)")
    with page.expect_download() as coming:
        page.keyboard.press("Enter")
    coming.value.save_as(tmp_path / "recipe.yaml")
    assert "fra" in (tmp_path / "recipe.yaml").read_text(encoding="utf-8")
