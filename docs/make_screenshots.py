"""Take the pictures of docs/guides/explorer.md: every page, light and dark, and a phone.

    python docs/make_screenshots.py    # a minute; needs Chromium

A picture differs from one machine to the next in its fonts, so no test compares them.
"""

import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from urllib.parse import quote

from PIL import Image

FOLDER = Path(__file__).parent / "screenshots"
SHRUNK = "/?q=" + quote("{targets: {yor: 1, eng: 1}, budget: 8T, min: {yor: 1%}}")
MACHINE = "/provenance?q=" + quote(
    "{targets: {cat: 1}, budget: 300B, pools: [human, translated], human_floor: balanced}"
)
PAGES = {
    "mix": ("/", ""),
    "ranges": ("/", "Thirteen European languages"),
    "caveat": (SHRUNK, ""),
    "before-and-after": ("/", "Epoch cap: 4 to 8"),
    "thirty-languages": ("/", "Thirty languages"),
    "transfer": ("/transfer", "Whole matrix"),
    "donors": ("/transfer", ""),
    "capacity": ("/capacity", ""),
    "provenance": (MACHINE, ""),
    "runs": ("/runs", "Best mixture"),
    "language": ("/evidence?language=glg", ""),
    "evidence": ("/evidence", "Token inventories"),
    "scenarios": ("/", "Keep it"),
    "report": ("/report", ""),
    "recipes": ("/recipes", "salamandra-7b"),
}
SHAPES = {
    "Thirteen European languages": "What each may be",
    "Thirty languages": "Areas by family",
}
WIDE, PHONE = (1280, 900), (390, 844)
STILL = """() => document.querySelector('[data-test-script-state=notRunning]')
    && !document.querySelector('[data-testid=stSkeleton], [class*=st-key-to-come]')"""


def main() -> None:
    """Start the explorer, visit every page, write the pictures."""
    from playwright.sync_api import sync_playwright

    FOLDER.mkdir(exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://localhost:{port}"
    with tempfile.TemporaryDirectory() as home:
        words = [sys.executable, "-m", "atlasmix", "explore", "--port", str(port), "--no-browser"]
        environment = {**os.environ, "HOME": home, "ATLASMIX_STORE": f"{home}/store"}
        server = subprocess.Popen(words, env=environment, cwd=home)
        try:
            wait_for(f"{address}/_stcore/health")
            with sync_playwright() as playwright:
                path = shutil.which("chromium") or shutil.which("google-chrome")
                browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
                for theme in ("light", "dark"):
                    for name, (page, step) in PAGES.items():
                        shoot(browser, address + page, step, WIDE, (name, theme))
                    shoot(browser, address, "", PHONE, ("phone", theme))
                browser.close()
        finally:
            server.terminate()
            server.wait()


def wait_for(address: str) -> None:
    """Until the server is healthy."""
    for _ in range(150):
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the explorer did not start")


def shoot(browser, address: str, step: str, size: tuple[int, int], name: tuple[str, str]) -> None:
    """One picture, in few colours: letters and areas need no more."""
    settings = {"viewport": {"width": size[0], "height": size[1]}, "color_scheme": name[1]}
    context = browser.new_context(**settings)
    page = context.new_page()
    page.goto(address)
    page.locator("h2").first.wait_for()
    wait_until_still(page)
    take(page, step)
    page.mouse.move(size[0] - 5, size[1] - 5)
    wait_until_still(page)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    small = picture.quantize(220, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    small.save(FOLDER / f"{name[0]}-{name[1]}.png", optimize=True)
    context.close()


def wait_until_still(page) -> None:
    """Until the page has come and is drawn; a click may take a moment to be on its way."""
    page.wait_for_timeout(1000)
    page.wait_for_function(STILL)
    page.wait_for_timeout(1500)


def take(page, step: str) -> None:
    """What a visitor clicks before the picture."""
    if step.startswith("Epoch cap"):
        page.get_by_role("tab", name="What limits cost").click()
        page.get_by_role("button", name=step).click()
        page.get_by_role("heading", name="went elsewhere").wait_for()
    elif step in SHAPES:
        page.get_by_role("combobox", name="Start from").click()
        page.get_by_role("option", name=step).click()
        wait_until_still(page)
        page.get_by_text(SHAPES[step]).click()
    elif step == "Keep it":
        for name, moves in (("Base", 0), ("More tokens", 2), ("More repeats, too", 0)):
            slider = "Epoch cap" if name.endswith("too") else "Token budget"
            page.get_by_role("slider", name=slider).focus()
            for _ in range(moves or name.endswith("too")):
                page.keyboard.press("ArrowRight")
                wait_until_still(page)
            page.get_by_text("Keep as a scenario").click()
            page.get_by_label("Name of this scenario").fill(name)
            page.get_by_role("button", name=step).click()
            wait_until_still(page)
        page.get_by_text("Compare scenarios").click()
    elif step == "salamandra-7b":
        page.get_by_role("combobox", name="Recipe B").click()
        page.get_by_role("option", name="A published mixture").click()
        page.get_by_role("combobox", name="Mixture").fill(step)
        page.keyboard.press("Enter")
    elif step:
        page.get_by_role("tab", name=step, exact=True).click()


if __name__ == "__main__":
    main()
