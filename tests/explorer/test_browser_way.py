"""The whole way in Debian's Chromium: choose, change, take home; broken, crossed and hostile."""

import re
import subprocess
from urllib.parse import quote

import pytest
import yaml
from browsers import COMMAND, choose, go, heading, moved_on, open_tab, press, settle, until
from law_runs import run_table

CARD = """\
title: Ours
metric: BTS
orientation: source to target
direction: higher is better
status: measured
stderr: {measured: 0.01}
source: our own runs
licence: private
"""


def lower_the_cap(page):
    """Move the epoch cap by one step, and wait until the answer and the address say so."""
    old = heading(page)
    press(page, "Epoch cap", "ArrowLeft")
    moved_on(page, old)
    page.wait_for_url(re.compile("max_epochs"))


def recipe_that_holds(page, folder):
    """Take the recipe home and check it there; what it says."""
    open_tab(page, "Export")
    with page.expect_download() as coming:
        page.get_by_role("button", name="Recipe (YAML)").click()
    recipe = folder / "recipe.yaml"
    coming.value.save_as(recipe)
    done = subprocess.run(
        [*COMMAND, "check", "recipe.yaml"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "The recipe holds" in done.stdout
    return yaml.safe_load(recipe.read_text(encoding="utf-8"))


def test_from_catalan_to_a_recipe_that_holds(visitor, tmp_path):
    page = visitor()
    page.get_by_role("combobox", name="Start from").click()
    page.get_by_role("option", name="Nordic").click()
    until(page, "Swedish")
    remove = page.get_by_role("button", name=re.compile("Clear all|clear all"))
    remove.first.click()
    until(page, "no answer as it stands")
    box = page.get_by_role("combobox", name="Target languages")
    box.fill("català")
    box.press("Enter")
    until(page, "Catalan")
    box.press("Escape")
    lower_the_cap(page)
    assert "Catalan" in heading(page)
    asked = recipe_that_holds(page, tmp_path)["question"]
    assert asked["targets"] == {"cat": 1}
    assert asked["max_epochs"] == 3.5


def test_everything_else_can_be_taken_home_too(visitor, tmp_path):
    page = visitor()
    with page.expect_download() as coming:
        page.get_by_role("button", name="Figure as HTML").first.click()
    coming.value.save_as(tmp_path / "figure.html")
    text = (tmp_path / "figure.html").read_text(encoding="utf-8")
    assert "Shares of the tokens read" in text
    assert not re.search(r'<(script|link|img)[^>]*(src|href)="http', text)
    page.locator(".js-plotly-plot").first.hover()
    with page.expect_download() as coming:
        page.locator(".modebar-btn[data-title*=Download]").first.click()
    coming.value.save_as(tmp_path / "mixture.png")
    assert (tmp_path / "mixture.png").read_bytes().startswith(b"\x89PNG")
    open_tab(page, "Export")
    for name, begin in (("Mixture (CSV)", "language,name"), ("Question (YAML)", "targets:")):
        with page.expect_download() as coming:
            page.get_by_role("button", name=name).click()
        coming.value.save_as(tmp_path / "file")
        assert (tmp_path / "file").read_text(encoding="utf-8").startswith(begin)


def test_one_click_shows_what_moved_and_undo_takes_it_back(visitor):
    page = visitor()
    before = heading(page)
    open_tab(page, "What limits cost")
    page.get_by_role("button", name="Epoch cap: 4 to 8").click()
    page.get_by_role("heading", name="went elsewhere").wait_for()
    assert "100% Catalan" in heading(page)
    page.get_by_role("button", name="Undo").click()
    until(page, before)


def test_a_link_hands_the_question_on(visitor):
    page = visitor()
    lower_the_cap(page)
    said = heading(page)
    other = visitor("/" + page.url.split("/", 3)[3])
    assert heading(other) == said
    other.reload()
    until(other, said)


def test_a_reload_and_the_way_back_keep_the_question(visitor):
    page = visitor()
    lower_the_cap(page)
    said = heading(page)
    go(page, "Capacity")
    page.wait_for_url(re.compile("capacity.*max_epochs"))
    page.reload()
    until(page, "How large a model")
    go(page, "Mix")
    until(page, said)
    # A page and the question in its address are one step each, or one together.
    for _ in range(4):
        page.go_back()
        page.wait_for_timeout(1500)
        settle(page)
        if "How large a model" in heading(page):
            break
    until(page, "How large a model")


@pytest.mark.parametrize(
    ("typed", "meant"), [("fr", "100% French"), ("nb", "100% Norwegian"), ("Arabic", "Arabic")]
)
def test_what_is_typed_is_one_language(visitor, typed, meant):
    page = visitor("/?q={targets: {cat: 1}}")
    page.get_by_role("button", name="Clear all").first.click()
    until(page, "no answer as it stands")
    box = page.get_by_role("combobox", name="Target languages")
    box.fill(typed)
    box.press("Enter")
    until(page, meant)
    assert page.get_by_test_id("stMultiSelect").first.locator("[data-tag]").count() == 1


@pytest.mark.parametrize("pasted", ["Spanish, English, Portuguese", "es\tEnglish Portuguese"])
def test_a_pasted_list_is_several_languages(visitor, pasted):
    """It was once one language that nobody knows."""
    page = visitor("/?q={targets: {cat: 1}}")
    page.get_by_role("button", name="Clear all").first.click()
    until(page, "no answer as it stands")
    box = page.get_by_role("combobox", name="Target languages")
    box.fill(pasted)
    box.press("Enter")
    tags = page.get_by_test_id("stMultiSelect").first.locator("[data-tag]")
    tags.nth(2).wait_for()
    assert tags.count() == 3
    until(page, "Portuguese")


def upload(page, scores, name):
    go(page, "Evidence")
    open_tab(page, "Your own tables")
    files = page.locator("input[type=file]")
    files.nth(0).set_input_files(
        {"name": "scores.csv", "mimeType": "text/csv", "buffer": scores.encode()}
    )
    files.nth(1).set_input_files(
        {"name": "card.yaml", "mimeType": "application/yaml", "buffer": CARD.encode()}
    )
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("button", name="Check and add").click()


def test_a_broken_matrix_is_answered_with_its_rows(visitor):
    page = visitor()
    upload(page, "source,target,score\nspa,cat,9\nxx,cat,0.2\n", "broken")
    alert = page.get_by_role("alert").first
    alert.get_by_text("row 2: score 9 lies outside the range of BTS").wait_for()
    alert.get_by_text("row 3: source: no language 'xx'").wait_for()


def test_a_law_from_own_runs_asks_mix_and_is_uploaded_elsewhere(visitor, tmp_path):
    """From the runs of one visitor to the answer of another, by the file that the page gave."""
    asked = "/?q=" + quote("{targets: {eng: 1, spa: 1}}")
    page = visitor(asked)
    go(page, "Own runs")
    page.get_by_text("Tables of my runs", exact=True).click()
    settle(page)
    page.locator("input[type=file]").first.set_input_files(
        {"name": "runs.csv", "mimeType": "text/csv", "buffer": run_table()}
    )
    until(page, "own runs say")
    open_tab(page, "Best mixture")
    with page.expect_download() as event:
        page.get_by_role("button", name="Law for a question (YAML)").click()
    event.value.save_as(tmp_path / "runs.yaml")
    page.get_by_role("button", name="Use this law in Mix").click()
    until(page, "English")
    answered = heading(page)
    assert "?q=" not in page.url, "nobody else has this law"
    other = visitor(asked, alone="other")
    assert heading(other) != answered
    go(other, "Evidence")
    open_tab(other, "Your own tables")
    other.get_by_text("A law learned from runs", exact=True).click()
    settle(other)
    other.locator("input[type=file]").first.set_input_files(tmp_path / "runs.yaml")
    other.get_by_role("button", name="Check and add").click()
    other.get_by_role("button", name="Ask with it").click()
    settle(other)
    go(other, "Mix")
    assert heading(other) == answered


def test_two_visitors_at_once_each_see_their_own(visitor):
    first, second = visitor(alone="first"), visitor(alone="second")
    upload(first, "source,target,score\nspa,cat,0.45\ncat,spa,0.3\n", "ours")
    upload(second, "source,target,score\nspa,cat,-2\ncat,spa,0.3\n", "ours")
    for page in (first, second):
        page.get_by_role("button", name="Ask with it").click()
        settle(page)
        go(page, "Mix")
    until(first, "Spanish")
    until(second, "100% Catalan")
    assert "Spanish" in heading(first)
    third = visitor("/evidence")
    open_tab(third, "Transfer matrices")
    third.get_by_text("atlas-2025").first.wait_for()
    assert third.get_by_text("ours", exact=True).count() == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{targets: {cat: 1}}" + "#" * 5000, "expected at most 4,096"),
        ("{targets: {cat: 1}, colour: red}", "has no key 'colour'"),
        ("!!python/object/apply:os.system ['id']", "is not plain YAML"),
        ("{targets: {'<script>alert(1)</script>': 1}}", "<script>alert(1)</script>"),
        ("{targets: {'![x](https://example.org/x.png)': 1}}", "![x](https://example.org/x.png)"),
    ],
    ids=["oversized", "unknown key", "tag", "script", "picture"],
)
def test_a_hostile_link_is_refused(visitor, text, words):
    page = visitor("/?q=" + quote(text))
    until(page, "This link was not opened")
    alert = page.get_by_role("alert").first
    assert words in alert.inner_text().replace("\u2060", "")
    assert alert.locator("a, img, script").count() == 0
    page.get_by_role("button", name="Begin with another question").click()
    until(page, "Read 100B tokens")


def test_phases_from_one_click_to_a_recipe_that_holds(visitor, tmp_path):
    page = visitor(viewport={"width": 1280, "height": 1600})  # the whole form
    page.get_by_test_id("stSidebar").get_by_text("Phases of the run", exact=True).click()
    page.get_by_role("button", name="Begin with main and anneal").click()
    page.wait_for_url(re.compile("anneal"))
    settle(page)
    for label, words in (("Limit a phase", "anneal"), ("Share of", "Catalan")):
        choose(page, label, words)
    share = page.get_by_role("textbox", name="How large a share")
    share.fill("90%")
    share.press("Enter")
    page.get_by_role("button", name="Add limit to the phase").click()
    page.wait_for_url(re.compile("min"))
    settle(page)
    page.locator(".js-plotly-plot .bartext").get_by_text("90.0%").wait_for()
    phases = recipe_that_holds(page, tmp_path)["answer"]["phases"]
    assert [phase["name"] for phase in phases] == ["main", "anneal"]
