"""The section of a suite that theory speaks of: what is expected of each run, and observed."""

from bench.report.document import (
    Block,
    Bullets,
    Field,
    Figure,
    Heading,
    Paragraph,
    Row,
    Table,
    valued,
)
from bench.report.markdown import escape
from bench.results.board import Board
from bench.results.entry import Entry

BEHAVIOURS = {
    "converges": "to the data, at a steady rate",
    "stops": "within a set distance of the data, after finitely many half-cycles",
    "slows": "towards the data, ever more slowly",
    "circles": "around the data, at the distance it has",
    "cycles": "around the data, at a distance of its own",
    "sticks": "far from the data",
    "diverges": "away from the data",
}
"""What each behaviour means, from the best to the worst."""

TRAJECTORIES = "courses.svg"
"""The picture of them, under the name that pages have had from the first."""

FOUR = "{:.4f}".format


def section(board: Board) -> list[Block]:
    """The predictions beside the observations; the methods are not ranked."""
    return [
        Heading("Theory and observation"),
        Paragraph(
            f"**{escape(summary(board))}** Predictions are closed forms in each method's "
            "hyper-parameters; what they are held against is measured on the course of the real "
            "method in the real training loop. Nothing here ranks methods."
        ),
        Figure(
            TRAJECTORIES,
            "Courses through the plane of generator and discriminator",
            "Each run's course: the generator's location theta to the right, the discriminator's "
            "slope psi upwards, pale at its beginning, with a dot at its end. The data are at the "
            "centre, the dotted circle has radius 1, and black marks are where theory says that "
            "the course ends: at a cross, or on the dashed circle.",
        ),
        table(board),
        Bullets([f"**{behaviour}**: {text}." for behaviour, text in BEHAVIOURS.items()]),
        Paragraph(
            "*Eigenvalues*: of the continuous system at the equilibrium. *Factor a step*: of the "
            "distance r from the equilibrium, near it; the size of l, a step's own eigenvalue, "
            "where x is h times the eigenvalues' size, for the learning rate h. *Gain*: in a unit "
            "of time, which is h times steps. *Friction*: what the amplitude loses in a half-cycle "
            "beyond vanilla's own loss, in runs that come to rest where theory allows. *Theta "
            "over psi*: of their amplitudes, where theta is that of the average that is scored. "
            "*Tolerance*: how far apart predicted and observed may be; the factor is exact, and "
            "the other forms are to leading order in h and r."
        ),
    ]


def has_theory(board: Board) -> bool:
    """Whether theory speaks of any of the board's runs."""
    return any(record.expectation for record in board.records)


def ordered(board: Board) -> list[Entry]:
    """The runs by behaviour, the best first, then by method; those without a theory last."""
    behaviours = list(BEHAVIOURS)

    def place(record: Entry) -> tuple[int, str, str, int]:
        word = record.expectation
        order = behaviours.index(word["verdict"]) if word else len(behaviours)
        return order, record.method, record.setting, record.seed

    return sorted(board.records, key=place)


def summary(board: Board) -> str:
    """One sentence: how many runs do what theory says, and which do not."""
    words = [(record.method, record.expectation) for record in board.records]
    known = [(method, word) for method, word in words if word]
    wrong = [method for method, word in known if not word["agrees"]]
    text = f"{len(known) - len(wrong)} of {len(known)} runs do what theory says"
    return f"{text}; not {', '.join(sorted(set(wrong)))}." if wrong else f"{text}."


def table(board: Board) -> Table:
    """One row a run: what theory expects, and what was observed."""
    rows = [
        Row(
            {"method": Field(record.method), **_fields(record)},
            {"method": [record.method], "setting": [record.setting]},
        )
        for record in ordered(board)
    ]
    return Table(rows)


def _fields(record: Entry) -> dict[str, Field]:
    word = record.expectation
    if word is None:
        rest = ("quantity", "formula", "predicted", "tolerance", "observed", "agrees")
        none = {"updates": "", "eigenvalues": "", "theory": "no theory"} | dict.fromkeys(rest, "")
        return {name: Field(text) for name, text in none.items()}
    observed = word["observed"]
    return {
        "updates": Field(word["updates"]),
        "eigenvalues": Field(_complex(word["eigenvalues"])),
        "theory": Field(word["verdict"]),
        "quantity": Field(word["quantity"]),
        "formula": Field(word["formula"]),
        "predicted": valued(word["predicted"], FOUR),
        "tolerance": valued(word["tolerance"], FOUR),
        "observed": Field(record.status) if observed is None else valued(observed, FOUR),
        "agrees": Field("yes" if word["agrees"] else "NO"),
    }


def _complex(values: list[list[float]]) -> str:
    """A pair of eigenvalues, as -0.25 ± 0.43i or as two numbers."""
    if not values:
        return "not smooth"
    (real, imaginary), (other, _) = values
    if imaginary == 0:
        return f"{real:.3g}, {other:.3g}"
    return f"{f'{real:.3g} ' if real else ''}± {abs(imaginary):.3g}i"
