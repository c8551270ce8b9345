"""The slides of the teacher's kit in a real browser: nothing from a network, and pictures move."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ElementHandle, Page, Request

pytestmark = pytest.mark.browser

pytest.importorskip("latex2mathml", reason="the slides need the extra 'teaching'")
make_slides = pytest.importorskip("make_slides")

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


NAMES = ("00_start_here", "05_bptt", "14_find_the_bug")


# Made before the browser starts: executing a notebook needs an event loop of its own.
@pytest.fixture(scope="module")
def decks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with slides and reveal.js, as the kit writes it."""
    made = tmp_path_factory.mktemp("slides")
    make_slides.copy_reveal(made)
    for name in NAMES:
        text = make_slides.slides(NOTEBOOKS / f"{name}.ipynb")
        (made / f"{name}.html").write_text(text, encoding="utf-8")
    return made


def opened(browser: Browser, deck: Path) -> tuple[Page, list[str]]:
    """Open slides; the list fills with errors, and with requests to anywhere but files."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    trouble: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith(("file:", "data:")):
            trouble.append(request.url)

    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("request", note)
    page.goto(deck.as_uri())
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    return page, trouble


@pytest.mark.parametrize("name", NAMES)
def test_slides_show_and_their_pictures_move(decks: Path, browser: Browser, name: str) -> None:
    page, trouble = opened(browser, decks / f"{name}.html")
    try:
        moved = 0
        for _ in range(page.evaluate("Reveal.getTotalSlides()")):
            slide = page.evaluate_handle("Reveal.getCurrentSlide()").as_element()
            assert slide is not None
            assert slide.inner_text().strip() or slide.query_selector("svg, img")
            for control in slide.query_selector_all("input[type=range]"):
                place, before = page.evaluate("Reveal.getIndices()"), seen(control)
                control.focus()
                page.keyboard.press("ArrowLeft" if at_the_end(control) else "ArrowRight")
                assert seen(control) != before
                assert page.evaluate("Reveal.getIndices()") == place, "the keys move the slides"
                moved += 1
            page.evaluate("document.activeElement.blur(); Reveal.next()")
        assert moved >= 2
        assert trouble == []
    finally:
        page.close()


def seen(control: ElementHandle) -> int:
    """Return the number of the frame that is to be seen above a control."""
    frames = "[...node.closest('.rnn-page').querySelectorAll('.rnn-frames > div')]"
    shown: list[int] = control.evaluate(
        f"node => {frames}.flatMap((frame, i) => frame.hidden ? [] : [i])"
    )
    assert len(shown) == 1
    return shown[0]


def at_the_end(control: ElementHandle) -> bool:
    """Return whether a control stands at its last position."""
    found: bool = control.evaluate("node => +node.value == +node.max")
    return found
