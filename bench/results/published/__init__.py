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
