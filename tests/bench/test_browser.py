"""The report in a real browser: headless Chromium, wide and narrow, light, dark and printed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bench.fake_result import page_of

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (BROWSER and DRIVER), reason="no Chromium with chromedriver here"
)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars",
)  # fmt: skip
WIDTHS = (1280, 420)

# Text that leaves the box of its picture by more than a pixel.
_OUTSIDE = """
return [...document.querySelectorAll('svg text')].filter(text => {
  const a = text.getBoundingClientRect(), b = text.ownerSVGElement.getBoundingClientRect();
  return a.width && (a.left < b.left - 1 || a.right > b.right + 1
                     || a.top < b.top - 1 || a.bottom > b.bottom + 1);
}).map(text => text.textContent + ' in ' + text.ownerSVGElement.getAttribute('aria-label'));
"""
_WIDE_TABLES = """
return [...document.querySelectorAll('.scroll')].filter(part =>
  part.scrollWidth > part.clientWidth + 1 && part.tabIndex !== 0).length;
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    selenium = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    from selenium.webdriver.chrome.service import Service

    options = selenium.ChromeOptions()
    options.binary_location = BROWSER
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = selenium.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


def show(browser: Any, folder: Path, kind: str, width: int, theme: str = "light") -> None:
    """Open a report at a width in a theme."""
    path = folder / f"{kind.replace(' ', '-')}.html"
    if not path.exists():
        path.write_text(page_of(kind), encoding="utf-8")
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    media = {"media": "", "features": [{"name": "prefers-color-scheme", "value": theme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.get(path.as_uri())


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["12 recipes", "1 recipe", "60 recipes", "everything failed"])
def test_nothing_leaves_its_place(browser, folder, kind, width, theme):
    show(browser, folder, kind, width, theme)
    page = "document.documentElement"
    assert browser.execute_script(f"return {page}.scrollWidth <= {page}.clientWidth")
    assert browser.execute_script(_WIDE_TABLES) == 0
    assert browser.execute_script(_OUTSIDE) == []


def test_no_request_leaves_the_page_and_nothing_complains(browser, folder):
    browser.get_log("performance")
    show(browser, folder, "12 recipes", 1280)
    requests = [entry["message"] for entry in browser.get_log("performance")
                if "Network.requestWillBeSent\"" in entry["message"]]  # fmt: skip
    assert not [text for text in requests if '"url":"http' in text]
    assert [entry for entry in browser.get_log("browser") if entry["level"] != "INFO"] == []


def press(browser: Any, button: Any) -> None:
    """Click without scrolling: the sticky bar may cover what selenium scrolls to."""
    browser.execute_script("arguments[0].click()", button)


def ranks(browser: Any, column: int, body: int = 0) -> list[str]:
    return browser.execute_script(
        "return [...document.querySelector('.rank').tBodies[arguments[0]].rows]"
        ".filter(row => !row.classList.contains('sub'))"
        ".map(row => row.cells[arguments[1]].dataset.v)", body, column,
    )  # fmt: skip


def test_sorting_orders_says_so_and_leaves_unranked_rows_last(browser, folder):
    show(browser, folder, "12 recipes", 1280)
    last = ranks(browser, 2, body=1)
    head = browser.find_elements("css selector", ".rank thead th")
    buttons = browser.find_elements("css selector", ".rank thead button.sort")
    assert len(buttons) == len(head) - 1
    fit = next(cell for cell in head if cell.text.startswith("Fit time"))
    place = head.index(fit)
    for direction in ("ascending", "descending"):
        press(browser, fit.find_element("css selector", "button"))
        values = [float(text) for text in ranks(browser, place)]
        assert values == sorted(values, reverse=direction == "descending")
        assert fit.get_attribute("aria-sort") == direction
        assert len(browser.find_elements("css selector", ".rank [aria-sort]")) == 1
    published = next(cell for cell in head if cell.text.startswith("Published"))
    press(browser, published.find_element("css selector", "button"))
    values = ranks(browser, head.index(published))
    assert values[0] and not values[-1]  # missing ones last, whatever the direction
    assert sorted(ranks(browser, 2, body=1)) == sorted(last)


def test_a_pinned_recipe_is_highlighted_everywhere(browser, folder):
    show(browser, folder, "12 recipes", 1280)
    press(browser, browser.find_element("css selector", '.pin[data-pin="eegnet"]'))
    shown = browser.execute_script("return document.querySelectorAll('[data-r].on').length")
    assert shown == browser.execute_script(
        "return document.querySelectorAll('[data-r=\"eegnet\"]').length"
    )


def test_the_page_is_complete_without_javascript(browser, folder):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        show(browser, folder, "12 recipes", 1280)
        text = browser.find_element("css selector", "main").text
        assert "comes first" in text and "Run it again" in text and "window-lda" in text
        assert not browser.find_element("id", "theme").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_dark_and_light_follow_the_system_until_asked(browser, folder):
    ground = "return getComputedStyle(document.body).backgroundColor"
    show(browser, folder, "1 recipe", 1280, "dark")
    dark = browser.execute_script(ground)
    browser.find_element("id", "theme").click()
    assert browser.execute_script(ground) == "rgb(255, 255, 255)" != dark


def test_print_is_light_with_headings_and_open_details(browser, folder):
    show(browser, folder, "12 recipes", 1280, "dark")
    browser.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    media = {"media": "print", "features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    heads = browser.find_elements("css selector", ".rank thead th:not(.stripc)")
    assert all(cell.text.strip() and cell.rect["height"] > 5 for cell in heads)
    assert browser.execute_script(
        "return [...document.querySelectorAll('details')].every(part => part.open)"
    )
    color = "return getComputedStyle(document.body).backgroundColor"
    assert browser.execute_script(color) == "rgb(255, 255, 255)"
    assert not browser.find_element("css selector", "nav").is_displayed()
