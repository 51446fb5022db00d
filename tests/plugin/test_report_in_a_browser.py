"""The page of a session in a real browser: what it looks like, what it asks for, how it is used."""

from __future__ import annotations

import math
import shutil
import struct
import zlib
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from pytest_wandb_automations import Backend
from pytest_wandb_automations.automations import (
    ArtifactEvent,
    DoNothing,
    OnAddArtifactAlias,
    OnRunMetric,
    RunEvent,
    SendWebhook,
)
from pytest_wandb_automations.testing.page import render_page
from pytest_wandb_automations.testing.timeline import tell

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed; `make .venv/browser` does that"
)

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FIRED = [10, 20]


def promoted():
    """Return the world of a test in which an automation fired and its delivery failed."""
    backend = Backend()
    weights = backend.collection("acme/llm/weights", type="model")
    hook = backend.webhook_integration(
        "acme", name="deploy", url_endpoint="https://deploy.test/hook", access_token="t" * 20
    )
    event = OnAddArtifactAlias(scope=weights, filter=ArtifactEvent.alias.eq("prod"))
    action = SendWebhook.from_integration(hook, payload={"model": "${artifact_version_string}"})
    backend.create_automation(event >> action, name="deploy-prod")
    backend.webhooks.route("https://deploy.test/hook").respond(503, text="<script>alert()</script>")
    weights.log_version().add_alias("prod")
    return backend.world


def spiked():
    """Return the world of a test in which a metric automation fired at the steps of `FIRED`."""
    backend = Backend()
    event = OnRunMetric(
        scope=backend.project("acme/llm"), filter=RunEvent.metric("loss").avg(3).gt(3)
    )
    backend.create_automation(event >> DoNothing(), name="loss-spike")
    run = backend.run("acme/llm", run_id="r1")
    for step in range(20):
        value = 9.0 if step >= 10 else 2 - step / 10
        run.log({"loss": math.nan if step == 5 else value})
    backend.clock.advance(hours=25)
    run.log({"loss": 9.0})
    return backend.world


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    told = [
        (promoted(), "test_promotion.py::test_deploys", "failed", "assert 503 == 200"),
        (spiked(), "test_training.py::test_spike", "passed", ""),
        (Backend().world, "test_training.py::test_<b>quiet</b>", "passed", ""),
    ]
    stories = [
        replace(tell(world, test=test, plotted=True), outcome=outcome, message=message)
        for world, test, outcome, message in told
    ]
    path = tmp_path_factory.mktemp("page") / "report.html"
    made = datetime(2026, 1, 2, tzinfo=timezone.utc)
    path.write_text(render_page(stories, made=made), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser():
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("no browser: install Debian's chromium, or Chrome")
    with playwright.sync_playwright() as driver:
        # Browsers refuse to run as root within their sandbox, as they would in a container.
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, page_file):
    """Open the page; fail if it complains of anything, or asks for anything but itself."""
    complaints, contexts = [], []

    def open_(**options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(page_file.as_uri())
        assert asked == [page_file.as_uri()]
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


def shown(page):
    return page.locator("details.test:visible .name b").all_inner_texts()


def test_failures_are_open_and_the_others_folded(visit):
    page = visit()
    assert page.locator("details.test[open] .name").all_inner_texts() == [
        "test_promotion.py::test_deploys"
    ]
    assert "assert 503 == 200" in page.locator("details.test[open]").inner_text()


def test_names_and_payloads_are_text(visit):
    page = visit()
    assert shown(page)[-1] == "test_<b>quiet</b>"
    page.get_by_text("payload").click()
    assert "<script>alert()</script>" in page.locator(".exchange").inner_text()
    assert page.evaluate("document.scripts.length") == 1


def test_marks_stand_where_an_automation_fired(visit):
    page = visit()
    page.get_by_role("button", name="Open all").click()
    marks = page.locator("svg.wide .firing")
    assert [int(mark.get_attribute("data-step")) for mark in marks.all()] == FIRED
    # Where the axis says that these steps are: its labels are apart from what draws the marks.
    ticks = {
        float(tick.text_content()): float(tick.get_attribute("x"))
        for tick in page.locator("svg.wide .tick.x").all()
    }
    (first, x_first), (last, x_last) = min(ticks.items()), max(ticks.items())
    for step, mark in zip(FIRED, marks.locator("circle").all(), strict=True):
        expected = x_first + (x_last - x_first) * (step - first) / (last - first)
        assert float(mark.get_attribute("cx")) == pytest.approx(expected, abs=0.1)
    # The values are drawn in two strokes, with the gap between.
    assert page.locator("svg.wide path.values").get_attribute("d").count("M") == 2
    assert page.locator("svg.wide path.gap").get_attribute("data-step") == "5"


def test_the_filter_shows_tests_by_outcome_and_by_name(visit):
    page = visit()
    assert len(shown(page)) == 3
    page.get_by_role("radio", name="Failed").check()
    assert shown(page) == ["test_deploys"]
    page.get_by_role("radio", name="Passed").check()
    assert shown(page) == ["test_spike", "test_<b>quiet</b>"]
    page.get_by_role("searchbox").fill("TRAINING spike")
    assert shown(page) == ["test_spike"]
    assert page.locator("output").text_content() == "1 of 3 tests shown"
    page.get_by_role("radio", name="Failed").check()
    assert shown(page) == []


def test_it_is_used_with_the_keyboard_alone(visit):
    page = visit()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert shown(page) == ["test_deploys"]
    page.keyboard.press("Tab")
    page.keyboard.type("deploys")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert page.locator("details.test[open]").count() == 0
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("details.test[open] .name b").all_inner_texts() == ["test_deploys"]
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.locator("details.ruling[open]").count() == 1


def test_light_and_dark_follow_the_system(visit):
    look = """[document.body, document.querySelector(".test")]
        .map((each) => getComputedStyle(each))
        .flatMap((style) => [style.color, style.backgroundColor])"""
    light, dark = (visit(color_scheme=scheme).evaluate(look) for scheme in ("light", "dark"))
    assert all(one != other for one, other in zip(light, dark, strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(visit, scheme):
    page = visit(color_scheme=scheme)
    page.get_by_role("button", name="Open all").click()
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    faint = page.evaluate(CONTRASTS)
    assert faint == []


@pytest.mark.parametrize(("width", "picture"), [(1200, "wide"), (390, "narrow")])
def test_it_fits_wide_screens_and_phones(visit, width, picture):
    page = visit(viewport={"width": width, "height": 800})
    page.get_by_role("button", name="Open all").click()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator("svg:visible").get_attribute("class") == f"plot {picture}"


def test_a_picture_of_it_is_not_blank(visit):
    page = visit(viewport={"width": 400, "height": 300})
    assert len(colours(page.screenshot(scale="css"))) > 20


# What readers need: 4.5 to 1, by the definition of WCAG 2.1.
CONTRASTS = """() => {
  const parts = (text) => text.match(/[\\d.]+/g).map(Number);
  const linear = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const ink = parts(element.closest("svg") ? style.fill : style.color);
    const opacity = Number(style.opacity);
    const paper = behind(element);
    const seen = ink.slice(0, 3).map((c, i) => c * opacity + paper[i] * (1 - opacity));
    const [high, low] = [light(seen), light(paper)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) faint.push([walker.currentNode.data.slice(0, 40), ratio.toFixed(2)]);
  }
  return faint;
}"""


def colours(png):
    """Return the different colours of a picture, as PNG has its pixels: 8 bits, RGB or RGBA."""
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    assert depth == 8
    size = {2: 3, 6: 4}[kind]
    chunks, at = b"", 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            chunks += png[at + 8 : at + 8 + length]
        at += 12 + length
    rows = zlib.decompress(chunks)
    found, line, before = set(), 1 + width * size, bytearray(width * size)
    for row in range(height):
        filter_, data = rows[row * line], bytearray(rows[row * line + 1 : (row + 1) * line])
        for place in range(len(data)):
            left = data[place - size] if place >= size else 0
            corner = before[place - size] if place >= size else 0
            data[place] = (data[place] + _predicted(filter_, left, before[place], corner)) & 255
        found.update(bytes(data[place : place + 3]) for place in range(0, len(data), size))
        before = data
    return found


def _predicted(filter_, left, above, corner):
    if filter_ == 4:
        guess = left + above - corner
        return min((left, above, corner), key=lambda each: abs(guess - each))
    return (0, left, above, (left + above) // 2)[filter_]
