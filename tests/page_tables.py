"""The tables of pages as frames of text, to look fields up in."""

import pandas as pd

from bench.report.document import Table


def texts(table: Table) -> pd.DataFrame:
    """What each field shows."""
    return pd.DataFrame({c.name: [field.text for field in c.fields] for c in table.columns})


def keys(table: Table) -> pd.DataFrame:
    """What each field sorts by, NaN where it has nothing."""
    found = {c.name: [field.key for field in c.fields] for c in table.columns}
    return pd.DataFrame(found).astype(float)
