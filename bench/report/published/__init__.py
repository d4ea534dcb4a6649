"""Numbers that others have published, quoted beside our own and never ranked with them."""

from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).parent
ORIGINALS = {"cifar10_jpeg": "cifar10"}
"""Data sets of other pixels, and those whose published numbers are quoted beside theirs."""

QUOTED = ["method", "architecture", "setting", "protocol", "source"]


def numbers(dataset: str) -> pd.DataFrame:
    """The published numbers on a data set, all as text; empty where none are kept.

    They come from DATASET.csv in this folder, or from its original's, with the columns

        method: our name of it, or its own where we have none
        architecture, setting: ours where the source ran it so; a setting is empty otherwise
        metric, value, plus_minus: as the source has them (a standard error or deviation)
        protocol, source: how it was measured, and by whom
    """
    path = FOLDER / f"{ORIGINALS.get(dataset, dataset)}.csv"
    if not path.is_file():
        return pd.DataFrame(columns=[*QUOTED, "metric", "value", "plus_minus"])
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a method, setting and source, one column a metric; no column without an entry.

    Args:
        rows: what ``numbers`` returns, not empty.
    """
    spread = rows["plus_minus"].map(lambda text: f" ± {text}" if text else "")
    told = rows.assign(value=rows["value"] + spread)
    wide = told.pivot(index=QUOTED, columns="metric", values="value")
    found = (
        told[QUOTED]
        .drop_duplicates()
        .merge(wide[list(told["metric"].unique())].reset_index(), on=QUOTED, how="left")
    )
    metrics = [name for name in found.columns if name not in QUOTED]
    ordered = found[[*QUOTED[:3], *metrics, *QUOTED[3:]]].fillna("")
    return ordered.loc[:, (ordered != "").any()]
