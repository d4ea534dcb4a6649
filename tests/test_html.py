import base64
import hashlib
import json
import random
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from html_browser import chromium, opened
from page_tables import texts
from playwright.sync_api import Browser, Locator, Page, expect
from records_factory import record, suite

from bench.report import sentences, tables
from bench.report.document import Block, Field, Folded, Heading, Paragraph, Row, Table
from bench.report.html import index_html
from bench.report.html.runs import columns
from bench.report.page import page
from bench.results.board import boards
from bench.results.results import Results
from bench.runs.records import Record
from bench.wording import number

ARROW, MISSING = "↳ ", "—"
EVIL = [
    "<script>window.hacked=1</script>",
    "</script><script>window.hacked=2</script>",
    "\"><img src=x onerror='window.hacked=3'>",
    "![x](https://example.org/x.png) [y](javascript:window.hacked=4)",
    "`a|b` & 'c' {{ 7 * 7 }} </details> <!--",
]
PICTURES = {
    "curves.svg": b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 4"></svg>',
}


def results_of(records: list[Record]) -> Results:
    (board,) = boards(records)
    return Results(board)


def html_of(records: list[Record]) -> str:
    results = results_of(records)
    return index_html(results, page(results, PICTURES), PICTURES)


def tables_in(blocks: Sequence[Block]) -> list[Table]:
    """In the order of the page."""
    found: list[Table] = []
    for block in blocks:
        if isinstance(block, Folded):
            found += tables_in(block.blocks)
        elif isinstance(block, Table):
            found.append(block)
    return found


def varied() -> list[Record]:
    """Three methods in two settings, with failures, a remedy and a score that is missing."""
    truth = {"vanilla": 1400.0, "as_gan": 20.0, "r1": 9.0}
    return [
        *suite(truth, ("high_lr", "standard"), seeds=2),
        *(record("lsgan", "standard", s, last=90.0, status="diverged", end=240) for s in (0, 1)),
        record("lsgan", "high_lr", 0, status="failed", end=0, scores=[]),
        record("wgan_gp", "standard", 0, last=0.5, remedies=["layer_norm_d"]),
    ]


def ten_thousand() -> list[Record]:
    """Runs of one method in a hundred settings, each with a hundred seeds and one evaluation."""
    one = record(samples=None, diagnostics=[], losses=[])
    costs = {"step": 600, "d_gradients": 1800, "seconds": 1.0, "recall": 0.5}
    scores = np.random.default_rng(0).lognormal(2.0, 1.0, (100, 100)).tolist()
    return [
        one
        | {
            "id": f"quick/vanilla/s{setting}/seed-{seed}",
            "setting": f"s{setting}",
            "seed": seed,
            "scores": [costs | {"fid": scores[setting][seed]}],
        }
        for setting in range(100)
        for seed in range(100)
    ]


class Elements(HTMLParser):
    """Every element with its attributes, and what scripts and styles hold."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.inline: dict[str, list[str]] = {"script": [], "style": []}
        self.text = ""
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in self.inline:
            self.inline[self._inside].append(data)
        else:
            self.text += data


# --- without a browser


def test_the_same_records_in_any_order_give_the_same_page() -> None:
    records = varied()
    first = html_of(records)
    random.Random(0).shuffle(records)
    assert html_of(records) == first


def test_the_page_says_what_the_readme_says() -> None:
    results = results_of(varied())
    text = " ".join(Elements(html_of(varied())).text.split())
    for sentence in (
        sentences.standing(results),
        sentences.beside_baseline(results),
        sentences.power(results.pairwise),
        "wgan_gp¹ ran with layer_norm_d (standard)",
    ):
        assert sentence in text
    for field in texts(tables.headline(results)).to_numpy().ravel():
        assert field in text


def test_nothing_outside_the_page_is_named_in_it() -> None:
    page = Elements(html_of(varied()))
    for tag, attributes in page.found:
        for name, value in attributes.items():
            if name in ("src", "srcset", "data", "action", "poster", "background"):
                assert (value or "").startswith("data:"), (tag, name)
            if name == "href" and tag != "a":
                assert (value or "").startswith("data:"), tag
        assert tag not in ("iframe", "object", "embed", "base", "form")
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
    (style,) = page.inline["style"]
    assert "url(" not in style
    assert "@import" not in style
    assert not re.search(r"fetch|XMLHttp|import\(|innerHTML", "".join(page.inline["script"]))


def test_the_policy_allows_the_pages_own_scripts_and_style_alone() -> None:
    page = Elements(html_of([record()]))
    (policy,) = (a["content"] for _, a in page.found if "http-equiv" in a)
    told = dict(part.split(" ", 1) for part in (policy or "").split("; "))

    def hashed(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    theme, _data, script = page.inline["script"]
    assert told["default-src"] == "'none'"
    assert told["img-src"] == "data:"
    assert told["script-src"].split() == [hashed(theme), hashed(script)]
    assert told["style-src"].split() == [hashed(page.inline["style"][0])]


def test_pictures_are_inside_with_their_text() -> None:
    page = Elements(html_of(varied()))
    (image,) = (attributes for tag, attributes in page.found if tag == "img")
    kind, data = (image["src"] or "").split(",")
    assert kind == "data:image/svg+xml;base64"
    assert base64.b64decode(data) == PICTURES["curves.svg"]
    assert len(image["alt"] or "") > 20


def test_the_runs_inside_are_those_of_the_records() -> None:
    results = results_of(varied())
    script = Elements(html_of(varied())).inline["script"][1]
    told = json.loads(script)
    assert told == columns(results)
    for column in told:
        name = column["name"]
        divisor = 1e6 if name == "peak_memory_bytes" else 1
        for value, code in zip(results.runs[name], column["codes"], strict=True):
            wanted = number(value / divisor) if isinstance(value, float) else str(value)
            assert (column["words"][code] if code >= 0 else MISSING) == wanted


def test_codes_of_runs_sort_as_their_values_do() -> None:
    results = results_of(varied())
    (last,) = (column for column in columns(results) if column["name"] == "last")
    pairs = zip(last["codes"], results.runs["last"], strict=True)
    by_code = [value for code, value in sorted(pairs) if code >= 0]
    assert by_code == sorted(by_code)
    assert last["codes"].count(-1) == results.runs["last"].isna().sum() == 1


@pytest.mark.parametrize("name", EVIL)
def test_names_are_text_wherever_they_stand(name: str) -> None:
    html = html_of([record(name, name, suite=name), record("r1", name, suite=name)])
    safe = html_of([record("name", "name", suite="name"), record("r1", "name", suite="name")])

    def shape(page: Elements) -> list[tuple[str, list[str]]]:
        return [(tag, sorted(attributes)) for tag, attributes in page.found]

    page, plain = Elements(html), Elements(safe)
    assert shape(page) == shape(plain)  # the name made no element and no attribute
    assert json.loads(page.inline["script"][1])[0]["words"].count(name) == 1
    assert " ".join(name.split()) in page.text


def test_markup_in_a_paragraph_is_shown_and_not_obeyed() -> None:
    blocks = [Heading("t", 1), Heading("S"), Paragraph("<b>bold</b>"), Paragraph("<iframe src=x>")]
    page = Elements(index_html(results_of([record()]), blocks, {}))
    assert not {"b", "iframe"} & {tag for tag, _ in page.found}
    assert "<b>bold</b>" in page.text


def test_cells_carry_what_they_sort_by_and_rows_what_they_are_about() -> None:
    rows = [
        Row({"method": Field("r1", link="a.md"), "x": Field("a third", 1 / 3)}, {"method": ["r1"]}),
        Row({"method": Field("both"), "x": Field("none")}, {"method": ["vanilla", "r1"]}),
        Row({"method": Field("real data"), "x": Field("2", 2, alone=True)}),
    ]
    results = results_of([record(), record("r1")])
    html = index_html(results, [Heading("t", 1), Heading("S"), Table(rows)], {})
    (body,) = re.findall(r'<table class="sorts">.*?</table>', html, re.DOTALL)
    place = {name: results.methods.index(name) for name in ("vanilla", "r1")}
    found = re.findall("<tr(.*?)>", body)
    assert found == [
        "",
        f' data-method="{place["r1"]}"',
        f' data-method="{place["vanilla"]} {place["r1"]}"',
        "",
    ]
    assert '<a href="a.md">r1</a>' in body
    assert re.findall("<td.*?</td>", body) == [
        '<td data-key="0.333333333">a third</td>',
        "<td>none</td>",
        '<td data-key="2">2</td>',
    ]


# --- in a browser

Open = partial[AbstractContextManager[Page]]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def open_page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Open:
    """Opens the page of ``varied()``."""
    file = tmp_path_factory.mktemp("page") / "index.html"
    file.write_text(html_of(varied()), encoding="utf-8")
    return partial(opened, browser, file)


PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
LOOKS = [
    pytest.param({"color_scheme": "light"}, id="light"),
    pytest.param({"color_scheme": "dark"}, id="dark"),
    pytest.param({"color_scheme": "light"} | PHONE, id="phone"),
]


def unfold(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details.fold').forEach((one) => (one.open = true))")


def fields(table: Locator, at: int) -> list[str]:
    return table.locator(f"tbody tr:visible > :nth-child({at + 1})").all_inner_texts()


def headings(table: Locator) -> list[str]:
    return table.locator("thead th").all_inner_texts()


def listing(page: Page) -> Locator:
    return page.locator("#listing table")


def leaderboard(page: Page) -> Locator:
    return page.locator("table.sorts").first


@pytest.mark.parametrize("look", LOOKS)
def test_the_page_is_accessible_and_nothing_is_on_the_console(open_page: Open, look) -> None:
    with open_page(**look) as page:
        unfold(page)
        assert Axe().run(page).response["violations"] == []
        page.locator(".menu summary").first.click()
        assert Axe().run(page, context=".filters").response["violations"] == []


@pytest.mark.parametrize("look", LOOKS)
def test_the_page_fits_its_window_and_tables_scroll_in_their_frames(open_page: Open, look) -> None:
    with open_page(**look) as page:
        unfold(page)
        page.locator(".menu summary").first.click()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        frame = page.locator("#listing .scroll")
        frame.evaluate("(frame) => (frame.scrollLeft = 100)")
        if "has_touch" in look:
            assert frame.evaluate("(frame) => frame.scrollLeft") == 100


CLICK_THROUGH = """(table) => [...table.tHead.rows[0].cells].map((head, column) => {
  const look = () => [
    head.getAttribute("aria-sort"),
    [...table.tBodies[0].rows].map((row) => row.cells[column].innerText),
  ];
  const click = () => (head.querySelector("button").click(), look());
  return [look(), click(), click(), click()];
})"""
"""What each column shows at first and after each of three clicks on its heading."""


def test_every_column_sorts_both_ways_and_back(open_page: Open) -> None:
    results = results_of(varied())
    wanted = tables_in(page(results, PICTURES))
    with open_page() as shown:
        unfold(shown)
        found = [table.evaluate(CLICK_THROUGH) for table in shown.locator("table.sorts").all()]
    assert len(found) == len(wanted) >= 8
    for clicks, table in zip(found, wanted, strict=True):
        for seen, column in zip(clicks, table.columns, strict=True):
            before, (first, upwards), (second, downwards), after = seen
            assert (first, second, after) == ("ascending", "descending", before)
            if column.numeric:
                known = [field for field in column.fields if field.key is not None]
                rest = [field.text for field in column.fields if field.key is None]
                for texts_seen, turned in ((upwards, False), (downwards, True)):
                    order = sorted(known, key=lambda field: field.key or 0, reverse=turned)
                    assert texts_seen == [field.text for field in order] + rest
            else:
                words = [word.removeprefix(ARROW) for word in upwards if word != MISSING]
                assert words == sorted(words)
                assert [w.removeprefix(ARROW) for w in downwards if w != MISSING] == words[::-1]


def test_runs_sort_as_pandas_sorts_them(open_page: Open) -> None:
    results = results_of(varied())
    place = {method: index for index, method in enumerate(results.methods)}
    names = [column["name"] for column in columns(results)]
    with open_page() as page:
        found = listing(page).evaluate(CLICK_THROUGH)
    for at, name in enumerate(names):
        for click, ascending in ((1, True), (2, False)):
            order = results.runs.sort_values(
                name,
                ascending=ascending,
                kind="stable",
                na_position="last",
                key=lambda column: column.map(place) if column.name == "method" else column,
            )[name]
            unit = 1e6 if name == "peak_memory_bytes" else 1
            texts = order.map(lambda v: number(v / unit) if isinstance(v, float) else str(v))  # noqa: B023
            assert found[at][click][1] == list(texts)


def test_filters_show_the_rows_asked_for(open_page: Open) -> None:
    with open_page() as page:
        everything = len(varied())
        shown = page.get_by_role("status")
        expect(shown).to_have_text(f"{everything} of {everything} runs")
        texts = leaderboard(page).locator("tbody").inner_text()

        method, setting, status = page.locator(".menu").all()
        method.locator("summary").click()
        method.get_by_label("lsgan").check()
        assert fields(leaderboard(page), 0) == ["lsgan"]
        assert fields(listing(page), 0) == ["lsgan"] * 3
        method.get_by_label("wgan_gp").check()
        assert set(fields(leaderboard(page), 0)) == {"lsgan", "wgan_gp¹"}
        expect(shown).to_have_text(f"4 of {everything} runs")
        expect(method.locator(".count")).to_have_text("2")

        setting.locator("summary").click()
        expect(method.locator("fieldset")).to_be_hidden()  # one menu at a time
        setting.get_by_label("standard").check()
        assert set(fields(listing(page), 1)) == {"standard"}
        status.locator("summary").click()
        status.get_by_label("diverged").check()
        assert fields(listing(page), 3) == ["diverged"] * 2

        page.get_by_role("button", name="Show all").click()
        expect(shown).to_have_text(f"{everything} of {everything} runs")
        assert leaderboard(page).locator("tbody").inner_text() == texts  # nothing was computed

        page.get_by_label("Find").fill("GP standard")
        assert fields(listing(page), 0) == ["wgan_gp"]
        page.get_by_label("Find").fill("nothing like that")
        expect(page.locator("#range")).to_have_text("no run matches")
        assert fields(leaderboard(page), 0) == []


def test_real_data_stays_whatever_is_asked_for(open_page: Open) -> None:
    with open_page() as page:
        page.get_by_label("Find").fill("as_gan")
        metrics = page.locator("#all-metrics table.sorts").first
        assert fields(metrics, 0) == ["as_gan", "real data (floor)"]


def test_the_keyboard_is_enough(open_page: Open) -> None:
    with open_page() as page:
        page.keyboard.press("Tab")
        expect(page.get_by_text("Skip to the results")).to_be_focused()
        head = leaderboard(page).locator("thead th").first
        for _ in range(60):
            page.keyboard.press("Tab")
            if head.get_by_role("button").evaluate("(one) => one === document.activeElement"):
                break
        page.keyboard.press("Enter")
        expect(head).to_have_attribute("aria-sort", "ascending")
        page.keyboard.press("Space")
        expect(head).to_have_attribute("aria-sort", "descending")

        page.get_by_label("Find").focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        results = results_of(varied())
        assert fields(leaderboard(page), 0) == [results.name(results.methods[0])]
        page.keyboard.press("Escape")
        expect(page.locator(".menu summary").first).to_be_focused()
        expect(page.locator(".menu fieldset").first).to_be_hidden()


def test_the_colours_follow_the_system_and_then_the_reader(open_page: Open) -> None:
    def ground(page: Page) -> int:
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(map(int, re.findall(r"\d+", colour)[:3]))

    with open_page(color_scheme="dark") as page:
        dark = ground(page)
        page.emulate_media(color_scheme="light")
        expect(page.locator("html")).to_have_attribute("data-theme", "light")
        light = ground(page)
        assert dark < 150 < 600 < light
        toggle = page.get_by_role("button", name="Dark")
        toggle.click()
        expect(toggle).to_have_attribute("aria-pressed", "true")
        assert ground(page) == dark

        def dark_again() -> bool:
            page.reload()
            return ground(page) == dark

        # The browser hands storage to its next process when it finds the time.
        assert any(dark_again() for _ in range(20))


def test_without_scripts_the_tables_are_there(open_page: Open) -> None:
    with open_page(java_script_enabled=False) as page:
        results = results_of(varied())
        assert fields(leaderboard(page), 0) == [results.name(m) for m in results.methods]
        expect(page.locator("#unlisted")).to_be_visible()
        expect(page.locator("#listing")).to_be_hidden()
        expect(page.locator(".filters")).to_be_hidden()


def test_hostile_names_are_inert(browser: Browser, tmp_path: Path) -> None:
    records = [record(name, name, seed=s, suite=EVIL[0]) for name in EVIL for s in range(2)]
    file = tmp_path / "index.html"
    file.write_text(html_of(records), encoding="utf-8")
    with opened(browser, file) as page:
        assert page.evaluate("window.hacked") is None
        assert EVIL[0] in page.locator("header").inner_text()
        assert set(fields(listing(page), 0)) == set(EVIL)
        page.locator(".menu summary").first.click()
        for name in EVIL:
            box = page.locator(".menu").first.get_by_label(name, exact=True)
            box.check()
            assert leaderboard(page).locator("tbody tr:visible").count() == 1
            assert set(fields(listing(page), 0)) == {name}
            box.uncheck()
        assert page.evaluate("window.hacked") is None


MANY = [Heading("many", 1), Heading("Results")]


def test_ten_thousand_runs_are_shown_a_page_at_a_time(browser: Browser, tmp_path: Path) -> None:
    records = ten_thousand()
    scores = pd.Series([one["scores"][0]["fid"] for one in records])
    file = tmp_path / "index.html"
    file.write_text(index_html(results_of(records), MANY, {}), encoding="utf-8")
    with opened(browser, file) as page:
        table, span = listing(page), page.locator("#range")

        def best() -> list[str]:
            return table.evaluate(
                "(t, at) => [...t.tBodies[0].rows].map((row) => row.cells[at].innerText)", at
            )

        at = headings(table).index("best")
        expect(span).to_have_text("1 to 50 of 10,000")
        assert len(best()) == 50
        table.locator("thead button").nth(at).click()
        assert best() == [number(value) for value in scores.nsmallest(50)]
        page.locator("#next").click()
        expect(span).to_have_text("51 to 100 of 10,000")
        assert best() == [number(value) for value in scores.nsmallest(100)[50:]]
        page.locator(".menu summary").click()
        page.locator(".menu").get_by_label("s7", exact=True).check()
        page.locator(".menu").get_by_label("s99", exact=True).check()
        expect(span).to_have_text("1 to 50 of 200")
        expect(page.locator("#previous")).to_be_disabled()
        asked = pd.concat([scores[700:800], scores[9900:]])
        assert best() == [number(value) for value in asked.nsmallest(50)]
        for _ in range(3):
            page.locator("#next").click()
        expect(span).to_have_text("151 to 200 of 200")
        expect(page.locator("#next")).to_be_disabled()
        assert best() == [number(value) for value in asked.nlargest(50)[::-1]]
