"""The numbers that a figure's lines are drawn of."""

import pandas as pd
from matplotlib.figure import Figure

from bench.errors import UsageError


def numbers(figure: Figure) -> pd.DataFrame:
    """One row a point of every line that has a name: its panel, the line, x and y.

    Raises:
        UsageError: the figure has no such line.
    """
    rows = [
        pd.DataFrame({"panel": panel.get_label(), "line": name, "x": x, "y": y})
        for panel in figure.axes
        for line in panel.lines
        if not (name := str(line.get_label())).startswith("_")  # matplotlib's mark of no name
        and line.get_transform() == panel.transData
        for x, y in [line.get_data()]
    ]
    if not rows:
        raise UsageError("this figure shows pictures or bands and has no numbers: draw it as .png")
    table = pd.concat(rows, ignore_index=True)
    return table.replace(r"\s+", " ", regex=True)
