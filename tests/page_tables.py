"""The tables of pages as frames of text, to look cells up in."""

import pandas as pd

from bench.report.document import Table


def texts(table: Table) -> pd.DataFrame:
    """What each cell shows."""
    return pd.DataFrame({c.name: [cell.text for cell in c.cells] for c in table.columns})


def keys(table: Table) -> pd.DataFrame:
    """What each cell sorts by, NaN where it has nothing."""
    found = {c.name: [cell.key for cell in c.cells] for c in table.columns}
    return pd.DataFrame(found).astype(float)
