"""How every figure looks, and where its panels and its legend are."""

from io import BytesIO
from math import ceil
from typing import Any, Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.textpath import TextPath
from matplotlib.ticker import LogLocator, NullLocator
from numpy.typing import NDArray

# Okabe and Ito's colours without yellow, which white swallows, and two of Tol's: all differ for
# the colour-blind. Vanilla, which sorts first, is black.
COLOURS = (
    "#000000",
    "#D55E00",
    "#0072B2",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#882255",
    "#999933",
)
DASHES = ("-", (0, (5, 1.5)), (0, (1, 1)))
STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#888888",
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.8,
    "lines.linewidth": 1.8,
    "savefig.facecolor": "white",
    "svg.fonttype": "path",
    "svg.hashsalt": "ganbench",
    "xtick.color": "#444444",
    "ytick.color": "#444444",
}
FLOOR: dict[str, Any] = {
    "color": "#888888",
    "linestyle": (0, (3, 3)),
    "linewidth": 1.2,
    "zorder": 1,
}

LEFT, RIGHT, TOP, BOTTOM = 1.0, 0.12, 0.32, 0.55  # inches around the panels
ACROSS, DOWN = 0.25, 0.5  # inches between panels
LINE, KEY = 0.235, 0.72  # inches, a line of the legend, and what stands in it beside a name
FEW = 300  # a range of scores up to which 2 and 5 are marked beside the powers of 10


def canvas(
    shape: tuple[int, int], panel: tuple[float, float], methods: list[str], floor: str = ""
) -> tuple[Figure, NDArray[Any]]:
    """A figure of panels that share their axes, with a legend of the methods below.

    Sizes are set here and not fitted to the text, which takes matplotlib longer than drawing.

    Args:
        shape: rows and columns of panels.
        panel: width and height of one, in inches.
        methods: in the order of their looks.
        floor: what the legend calls the line of real data, empty where there is none.

    Returns:
        The figure, and its panels as an array of that shape.
    """
    (rows, columns), (wide, tall) = shape, panel
    handles = [Line2D([], [], label=plain(m), **look(i)) for i, m in enumerate(methods)]
    if floor:
        handles.append(Line2D([], [], label=floor, **FLOOR))
    width = LEFT + columns * wide + (columns - 1) * ACROSS + RIGHT
    longest = max(TextPath((0, 0), plain(m), size=10).get_extents().width for m in methods)
    beside = min(len(handles), max(1, int(width // (KEY + longest / 72))))
    bottom = BOTTOM + LINE * ceil(len(handles) / beside) + 0.1
    height = bottom + rows * tall + (rows - 1) * DOWN + TOP
    figure = Figure(figsize=(width, height))
    grid = figure.subplots(
        rows,
        columns,
        sharex=True,
        sharey=True,
        squeeze=False,
        gridspec_kw={
            "left": LEFT / width,
            "right": 1 - RIGHT / width,
            "bottom": bottom / height,
            "top": 1 - TOP / height,
            "wspace": ACROSS / wide,
            "hspace": DOWN / tall,
        },
    )
    figure.legend(
        handles=handles,
        loc="lower center",
        ncols=beside,
        frameon=False,
        handlelength=2.6,
        columnspacing=1.4,
    )
    return figure, grid


def svg(figure: Figure) -> bytes:
    """The figure as an SVG without a date in it."""
    file = BytesIO()
    with matplotlib.rc_context(STYLE):
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


def look(index: int) -> dict[str, Any]:
    """Colour and dashes of the method at this place of ``Board.methods``."""
    return {
        "color": COLOURS[index % len(COLOURS)],
        "linestyle": DASHES[(index // len(COLOURS)) % len(DASHES)],
    }


def log_axis(panel: Axes, name: Literal["x", "y"], low: float, high: float) -> None:
    """Makes an axis of a panel logarithmic, from ``low`` to ``high``, with plain numbers."""
    panel.set(**{f"{name}scale": "log", f"{name}lim": (low, high)})
    axis: Axis = {"x": panel.xaxis, "y": panel.yaxis}[name]
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < FEW * low else (1,)))
    axis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_minor_locator(NullLocator())


def plain(text: str) -> str:
    """Text that matplotlib does not read as mathematics."""
    return text.replace("$", r"\$")
