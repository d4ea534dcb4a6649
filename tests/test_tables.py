"""One table, in Markdown and on a terminal; what its fields sort by; blocks as Markdown."""

from io import StringIO
from math import inf, nan

import pytest
from page_tables import keys, texts
from records_factory import record, suite
from rich.console import Console

from bench.report import tables
from bench.report.document import (
    EMPTY,
    Bullets,
    Code,
    Field,
    Figure,
    Folded,
    Heading,
    Pairs,
    Paragraph,
    Row,
    Table,
    counted,
    estimated,
    filled,
    paragraphs,
    pictures,
    valued,
)
from bench.report.markdown import to_markdown
from bench.report.screen import to_terminal
from bench.results.board import boards
from bench.results.results import Results
from bench.wording import percent, ratio, score

SMALL = Table(
    [
        Row({"method": Field("r1"), "a|b": valued(0.5)}),
        Row({"method": Field("*x*", link="x/README.md"), "seen": counted(3, 4)}),
    ]
)


def test_a_table_has_the_columns_of_all_its_rows_and_says_where_there_is_nothing() -> None:
    assert [column.name for column in SMALL.columns] == ["method", "a|b", "seen"]
    assert texts(SMALL).to_numpy().tolist() == [["r1", "0.500", "—"], ["*x*", "—", "3 of 4"]]


def test_a_table_as_markdown_escapes_names_and_links_fields() -> None:
    assert to_markdown([SMALL]) == (
        "| method               |   a\\|b |   seen |\n"
        "|:---------------------|-------:|-------:|\n"
        "| r1                   |  0.500 |      — |\n"
        "| [\\*x\\*](x/README.md) |      — | 3 of 4 |\n"
    )


def test_a_table_of_text_is_aligned_to_the_left() -> None:
    text = to_markdown([Table([Row({"a": Field("x"), "b": Field("y")})], rest="left")])
    assert text.splitlines()[1] == "|:----|:----|"


def test_the_same_table_stands_on_the_terminal() -> None:
    console = Console(width=80, file=StringIO())
    console.print(to_terminal(SMALL, "title"))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    for text in ("title", "a|b", "0.500", "*x*", "3 of 4", "—"):
        assert text in shown


def test_columns_are_picked_in_another_order_under_another_name() -> None:
    table = Table([Row({"a": Field("1"), "b": Field("2"), "c": Field("3")}, {"method": ["m"]})])
    picked = table.picked({"c": "C", "a": "a"})
    assert texts(picked).to_dict("records") == [{"C": "3", "a": "1"}]
    assert picked.rows[0].about == {"method": ["m"]}


@pytest.mark.parametrize(
    ("field", "text", "key", "alone"),
    [
        (valued(1234.5), "1,234", 1234.5, True),
        (valued(0.79, percent), "79%", 0.79, True),
        (valued(1.2181, ratio), "1.22x", 1.2181, True),
        (valued(inf, score), "no score", None, True),
        (valued(nan), "—", None, True),
        (counted(3, 4), "3 of 4", 0.75, False),
        (counted(0, 0), "0 of 0", None, False),
        (estimated((2.0, nan, nan), 0, 3), "2.00", 2.0, True),
        (estimated((2.0, 1.0, inf), 0, 3), "2.00 [1.00, no score]", 2.0, False),
        (estimated((2.0, nan, nan), 1, 3), "2.00 (1 of 3 have none)", 2.0, False),
        (estimated((inf, nan, nan), 3, 3), "— (3 of 3 have none)", None, False),
        (EMPTY, "—", None, False),
    ],
)
def test_a_cell_shows_a_number_and_sorts_by_all_of_it(
    field: Field, text: str, key: float | None, alone: bool
) -> None:
    assert (field.text, field.key, field.alone) == (text, key, alone)


def test_digits_are_aligned_where_every_number_stands_alone() -> None:
    def column(*fields: Field) -> tuple[bool, bool]:
        (found,) = Table([Row({"x": field}) for field in fields]).columns
        return found.numeric, found.aligned

    assert column(valued(1.0), Field("diverged"), valued(2.0)) == (True, True)
    assert column(valued(1.0), Field("2 [1, 3]", 2.0)) == (True, False)
    assert column(Field("2,500 samples"), Field("—")) == (False, False)


def test_tables_sort_by_what_was_measured_and_not_by_what_is_shown() -> None:
    (board,) = boards(
        [
            *suite({"vanilla": 40.0, "as_gan": 20.0}, ("high_lr", "standard"), seeds=4),
            *(record("r1", "standard", seed, last=9.0, status="diverged") for seed in range(4)),
        ]
    )
    results = Results(board)
    head = tables.headline(results).picked(
        {
            "method": "method",
            f"{results.label}, IQM": "iqm",
            "mean rank": "rank",
            "failures": "failed",
        }
    )
    by = keys(head.picked({name: name for name in ("iqm", "rank", "failed")}))
    for row, method in enumerate(results.methods):
        iqm = results.iqm[method][0]
        assert by["iqm"][row] == iqm or (by["iqm"].isna()[row] and method == "r1")
        assert by["rank"][row] == results.mean_ranks[method][0]
        assert by["failed"][row] == (method == "r1")
    found = tables.comparisons(results.pairwise)
    assert keys(found.picked({"p": "p"}))["p"].tolist() == sorted(c.p for c in results.pairwise)
    assert [set(row.about["method"]) for row in found.rows] == [
        {first, second} for first, second in texts(found)[["first", "second"]].to_numpy()
    ]


def test_blocks_as_markdown() -> None:
    captions = {"a.svg": "What it shows.", "b.svg": "Not drawn."}
    blocks = [
        Heading("A_b*", 1),
        *paragraphs("one", "", "*two*"),
        Bullets(["x", "**y**"]),
        *pictures(captions, ["a.svg"]),
        Figure("c.png", "alt", "Caption."),
        Pairs({"k_": "<v>"}),
        *filled(Table([])),
        Folded("More & more", [Code(["a\nb", "c"], "sh"), Paragraph("end")]),
    ]
    assert to_markdown(blocks) == (
        "# A_b\\*\n\none\n\n*two*\n\n- x\n- **y**\n\n"
        "![What it shows.](a.svg)\n\nWhat it shows.\n\n![alt](c.png)\n\nCaption.\n\n"
        "|     |     value |\n|:----|----------:|\n| k\\_ | &lt;v&gt; |\n\n"
        "<details>\n<summary>More &amp; more</summary>\n\n"
        "```sh\na b\nc\n```\n\nend\n\n</details>\n"
    )
