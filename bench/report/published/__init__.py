"""Numbers that others have published, quoted beside our own and never ranked with them."""

from pathlib import Path

import pandas as pd

from bench.report import markdown

FOLDER = Path(__file__).parent
ORIGINALS = {"cifar10_jpeg": "cifar10"}
"""Data sets of other pixels, and those whose published numbers are quoted beside theirs."""


def table(dataset: str) -> str | None:
    """The published rows on a data set as Markdown, one row a method and source.

    None where none are kept. They come from DATASET.csv in this folder, or from its original's,
    with the columns method, metric, value, plus_minus (standard error or deviation, as the source
    has it), protocol and source.
    """
    path = FOLDER / f"{ORIGINALS.get(dataset, dataset)}.csv"
    if not path.is_file():
        return None
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows["value"] += rows["plus_minus"].map(lambda spread: f" ± {spread}" if spread else "")
    index = ["method", "source", "protocol"]
    order = rows.drop_duplicates(index)[index]
    wide = rows.pivot(index=index, columns="metric", values="value")[list(rows["metric"].unique())]
    wide = order.merge(wide.reset_index(), on=index, how="left").fillna("")
    return markdown.table(wide[["method", *wide.columns[3:], "protocol", "source"]])
