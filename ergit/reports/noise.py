"""The noise floor in words and tables."""

from collections.abc import Sequence

from ergit.analysis.detection.change_points import WINDOW
from ergit.analysis.detection.noise import BUILD_PRIOR, PRIOR_WEIGHT
from ergit.analysis.detection.power import MOST_RUNS, POWER
from ergit.analysis.noise_floor.result import WANTED_CHANGES, NoiseFloor


def page(found: NoiseFloor) -> str:
    """The noise floor in Markdown, aligned so that it reads as plain text too."""
    parts = [
        "# Noise floor",
        "\n".join(_facts(found)),
        "## Spread of equal readings",
        _table(["spread", "relative standard deviation"], _spread_rows(found)),
        _agreement(found),
        "## What this study can see",
        _table(["changed commits", "smallest visible change", *_needs_header()], _visible_rows(found)),
        _terms(found),
        "## What is not in these figures",
        "\n".join(_limits(found)),
    ]
    return "\n\n".join(parts) + "\n"


def _facts(found: NoiseFloor) -> list[str]:
    builds = "one build" if found.builds == 1 else f"{found.builds} separate builds"
    lines = [
        f"- Control: commit {found.commit[:10]} ({found.chosen}), {builds} in {found.rounds} rounds;"
        f" {found.readings} clean readings, median {found.median_joules:.4g} J",
        f"- {found.kind.capitalize()} by {found.source} on {found.host}, session {found.session}",
    ]
    if found.kind == "estimated":
        lines.append(
            "- **Estimated**: CPU time times a constant. All figures below are the noise of CPU time, not of energy."
        )
    if found.unclean_readings:
        lines.append(f"- {found.unclean_readings} further readings were flagged or not counted, and are left out")
    if found.readings_of_other_sessions:
        lines.append(
            f"- {found.readings_of_other_sessions} further readings are of other sessions, and left out; to have them"
            f" in this one, remove their files in results/noise/{found.commit}/ and run again"
        )
    return lines


def _spread_rows(found: NoiseFloor) -> list[list[str]]:
    within = "not known: one reading a round" if found.run_spread is None else f"{found.run_spread:.2%}"
    builds = "not measured: one build" if found.build_spread is None else f"{found.build_spread:.2%}"
    return [
        ["within a round, from reading to reading", within],
        ["from round to round, beyond that", f"{found.round_spread:.2%}"],
        [f"between builds of the same sources, beyond that ({found.builds})", builds],
    ]


def _agreement(found: NoiseFloor) -> str:
    """The A/A comparison: builds of one commit, and jobs that the statistics take for commits."""
    sentences = []
    if found.largest_build_difference is not None:
        sentences.append(
            f"A against A: builds of this one commit differ by up to {found.largest_build_difference:.2%}."
        )
    if found.changes_reported:
        sentences.append(
            f"**Taken as a history of {found.jobs} commits, these readings show changes ({found.changes_reported}),"
            " where there are none: the machine is not steady.** See docs/machine.md and `python -m ergit.machine.doctor.report`."
        )
    else:
        sentences.append(f"Taken as a history of {found.jobs} commits, these readings show no change, as they should.")
    return " ".join(sentences)


def _needs_header() -> list[str]:
    return [f"runs for {wanted:.0%}" for wanted in WANTED_CHANGES]


def _visible_rows(found: NoiseFloor) -> list[list[str]]:
    rows = []
    for visible in found.visible:
        needs = [need for need in found.runs_needed if need.commits_after == visible.commits_after]
        what = "the newest one" if visible.commits_after == 1 else f"the {visible.commits_after} newest"
        rows.append(
            [what, f"{visible.change:.1%}", *("never" if need.runs is None else str(need.runs) for need in needs)]
        )
    return rows


def _terms(found: NoiseFloor) -> str:
    return (
        f"Visible: found in {POWER:.0%} of the cases, against the {WINDOW} commits before, at a false discovery rate of"
        f" {found.false_discovery_rate:.0%} over {found.planned_commits} commits. The smallest change is that of"
        f" {found.planned_rounds} rounds of {found.planned_repeats} readings, as configured; runs are those of each"
        f" commit, in rounds of {found.planned_repeats}. Never: {MOST_RUNS} runs are not enough, since builds differ."
        f" Nothing below changes.least_change ({found.least_change:.1%}) is reported, however many the runs: to see a"
        " change of that size, lower it."
    )


def _limits(found: NoiseFloor) -> list[str]:
    usual = f"{BUILD_PRIOR:.1%}"
    if found.build_spread is None:
        builds = (
            "The spread between builds of the same sources was not measured, since there is one build (noise.builds)."
            f" {usual} is assumed."
        )
    else:
        builds = (
            f"{found.builds} builds tell little of the spread between builds: what is usual, {usual}, counts as"
            f" {PRIOR_WEIGHT} further ones, which gives the {found.likely_build_spread:.2%} reckoned with."
        )
    return [
        f"- {builds}",
        f"- It took {found.minutes:.0f} minutes. How the machine drifts over a longer study is not in it.",
        "- Other commits, workloads, machines and sessions can be noisier than this control.",
    ]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, its columns aligned."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [header, ["-" * width for width in widths], *rows]
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |" for line in lines
    )
