"""A search's folder among the leaderboards: its findings, their records, and all made of them."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bench.errors import UsageError
from bench.files import write_whole
from bench.labels import file_name, label
from bench.report.below import free
from bench.report.build import PAGE, announce
from bench.report.markdown import to_markdown
from bench.report.overview import SUMMARY, Summary
from bench.report.search.figures import figures
from bench.report.search.page import page
from bench.results.kept import keep
from bench.results.results import ARROWS
from bench.runs import records
from bench.runs.records import RECORD, Record
from bench.search import findings as files
from bench.search.findings import FILE, Findings, Study, Trial
from bench.search.outcomes import Outcomes
from bench.search.text import estimated, gin_text, shown
from bench.wording import plural

RUNS = "trials"
"""The folder of records; not "records", whose content leaderboards are made of."""

TRIALS = "trials.csv"


def name_of(suite: str, space: str, overrides: Sequence[str]) -> str:
    """Where among the leaderboards a search stands; what overrides changed, stands elsewhere."""
    return label(f"{suite}-search-{space}", overrides)


def lost(source: Path, target: Path) -> list[Path]:
    """The records in one search's folder that are not in another, to be written in its place."""
    kept = {path.read_bytes() for path in (source / RUNS).glob("*.json")}
    return [
        path for path in sorted((target / RUNS).glob("*.json")) if path.read_bytes() not in kept
    ]


def require_room(target: Path, out: Path, pages: Path) -> None:
    """Sees to it, before any work, that a search's page will not cost a record.

    Raises:
        UsageError: its folder keeps records that the runs folder does not have.
    """
    if free(out, pages):
        return
    here = {path.read_bytes() for path in out.glob(f"*/*/*/*/{RECORD}")}
    going = [path for path in (target / RUNS).glob("*.json") if path.read_bytes() not in here]
    if going:
        raise UsageError(
            f"--leaderboards {pages}: {target} holds {plural(len(going), 'record')} that {out} "
            "does not have, and the search's page would lose them; choose another folder, and add "
            "to this one with ganbench publish --space"
        )


def write(findings: Findings, found: dict[str, Record], folder: Path) -> Path:
    """Writes a search's folder, and its row in the overview above it; nothing earlier stays.

    Every file is a function of ``search.json`` and the records: see ``rebuild``.

    Returns:
        The page.
    """
    copies = folder / RUNS
    for key, record in found.items():
        records.write(copies / file_name(key), record)
    files.write(folder / FILE, findings)  # last: what it names is there
    outcomes = Outcomes(findings, found)
    drawn = figures(outcomes)
    winners = _winners(outcomes)
    made = drawn | {name: text.encode() for name, text in winners.items()}
    made[TRIALS] = _csv(outcomes)
    made[PAGE] = to_markdown(page(outcomes, drawn, winners)).encode()
    suite, space = findings.references
    if findings.suite_file is not None:
        made[suite] = findings.suite_file.encode()
    if not findings.own_space:
        made[space] = findings.text.encode()
    for name, data in made.items():
        write_whole(folder / name, data)
    keep(folder, {name: text.encode() for name, text in (findings.users_files or {}).items()})
    announce(_summary(outcomes, folder.name), folder.parent)
    kept = {folder / name for name in (*made, FILE, SUMMARY)}
    kept |= {copies / file_name(key) for key in found}
    for stale in {*folder.glob("*.*"), *copies.glob("*.json")} - kept:
        stale.unlink()
    return folder / PAGE


def find(root: Path) -> list[Path]:
    """The folders of searches among the leaderboards in ``root``."""
    return sorted(path.parent for path in root.glob(f"*/{FILE}"))


def rebuild(folder: Path, out: Path) -> Path:
    """Writes a search's folder anew from what lies in it.

    Args:
        folder: that ``write`` has written.
        out: where to.

    Returns:
        The page.

    Raises:
        UsageError: where a file in it is not what it should be.
    """
    findings = files.read(folder / FILE)
    paths = {key: folder / RUNS / file_name(key) for key in findings.run_ids}
    found = {key: records.read(path) for key, path in paths.items() if path.exists()}
    return write(findings, found, out)


def _summary(outcomes: Outcomes, label: str) -> Summary:
    findings, found = outcomes.findings, outcomes.records.values()
    return Summary(
        label=label,
        datasets=sorted({record["dataset"] for record in found}),
        metric=f"{outcomes.objective.label} {ARROWS[outcomes.better]}",
        methods=len(findings.studies),
        settings=len({record["setting"] for record in found}),
        seeds=outcomes.frame(outcomes.fresh)["seed"].nunique(),
        runs=len(found),
        finding="; ".join(f"{s.method}: {_choice(findings, s)}" for s in findings.studies),
        web=None,
    )


def _choice(findings: Findings, study: Study) -> str:
    chosen = study.chosen(findings.objectives)
    if len(chosen) != 1:
        return f"{plural(len(chosen), 'trial')} that no other beats"
    return shown(chosen[0].parameters) or "nothing to choose"


def _winners(outcomes: Outcomes) -> dict[str, str]:
    """A gin file a winner, for ``ganbench run SUITE --gin_file``."""
    made, findings = {}, outcomes.findings
    for study in findings.studies:
        chosen = study.chosen(findings.objectives)
        for trial in chosen if study.kinds else ():
            mark = f"-{trial.number}" if len(chosen) > 1 else ""
            made[f"winner-{study.method}{mark}.gin"] = _gin(outcomes, study.method, trial)
    return made


def _gin(outcomes: Outcomes, method: str, trial: Trial) -> str:
    findings = outcomes.findings
    values = ", ".join(
        f"{aim.label} {estimated(outcomes.of(trial, aim))}" for aim in findings.objectives
    )
    lines = [
        f"# What {findings.space} chose for {method} on {findings.suite}: {values} where it chose.",
        f"Suite.methods = [{method!r}]",
        *findings.overrides,
        *(f"{key} = {gin_text(value)}" for key, value in trial.parameters.items()),
    ]
    return "\n".join(lines) + "\n"


def _csv(outcomes: Outcomes) -> bytes:
    aims = outcomes.findings.objectives
    rows = [
        {"method": study.method, "trial": trial.number, "state": trial.state}
        | {aim.name: outcomes.of(trial, aim).mean for aim in aims}
        | {"unscored": outcomes.of(trial).unscored}
        | trial.parameters
        for study in outcomes.findings.studies
        for trial in study.trials
    ]
    return pd.DataFrame(rows).to_csv(index=False, lineterminator="\n").encode()
