"""The noise floor as a page in Markdown."""

from collections.abc import Iterator

from ergit.analysis.detection.change_points import WINDOW
from ergit.analysis.detection.noise import BUILD_PRIOR, PRIOR_WEIGHT
from ergit.analysis.detection.power import MOST_RUNS, POWER
from ergit.records.noise import NoiseRecord
from ergit.text import counted, markdown_table


def page(noise: NoiseRecord, results: str = "results") -> str:
    """The noise floor in Markdown, aligned so that it reads as plain text too; `results` is the study's folder."""
    wanted_changes = sorted({need.change for need in noise.runs_needed})
    parts = [
        "# Noise floor",
        "\n".join(f"- {fact}" for fact in _facts(noise, results)),
        "## Spread of equal readings",
        markdown_table(["spread", "relative standard deviation"], _spread_rows(noise)),
        _false_alarms(noise),
        "## What this study can detect",
        markdown_table(
            ["changed commits", "minimum detectable change", *(f"runs for {change:.0%}" for change in wanted_changes)],
            _detectable_rows(noise),
        ),
        _terms(noise),
        "## What these figures leave out",
        "\n".join(f"- {limit}" for limit in _limits(noise)),
    ]
    return "\n\n".join(parts) + "\n"


def _facts(noise: NoiseRecord, results: str) -> Iterator[str]:
    builds = "one build" if noise.builds == 1 else f"{noise.builds} separate builds"
    yield (
        f"A/A commit: {noise.commit[:10]} ({noise.chosen}), {builds}, {counted(noise.rounds, 'round')};"
        f" {counted(noise.readings, 'clean reading')}, median {noise.median_joules:.4g} J"
    )
    if noise.kind == "estimated":
        yield f"Energy estimated from CPU time on {noise.host}, session {noise.session}"
        yield "**Estimated**: CPU time multiplied by a constant. These figures are the noise of CPU time, not of energy"
    else:
        yield f"Measured by {noise.source} on {noise.host}, session {noise.session}"
    if noise.unclean_readings:
        yield f"Left out: {counted(noise.unclean_readings, 'reading')} flagged or not counted"
    if noise.readings_of_other_sessions:
        yield (
            f"Left out: {counted(noise.readings_of_other_sessions, 'reading')} of other sessions. To take them again in"
            f" this session, remove their files in {results}/noise/{noise.commit}/ and run the same command"
        )


def _spread_rows(noise: NoiseRecord) -> list[list[str]]:
    within = "not known: one reading a round" if noise.run_spread is None else f"{noise.run_spread:.2%}"
    builds = "not measured: one build" if noise.build_spread is None else f"{noise.build_spread:.2%}"
    return [
        ["from reading to reading within a round", within],
        ["from round to round, in addition", f"{noise.round_spread:.2%}"],
        ["between builds of the same source, in addition", builds],
    ]


def _false_alarms(noise: NoiseRecord) -> str:
    """The A/A comparison: builds of one commit, and jobs analysed as if each were a commit."""
    sentences = []
    if noise.largest_build_difference is not None:
        sentences.append(f"Builds of this one commit differ by up to {noise.largest_build_difference:.2%}.")
    if noise.changes_reported:
        sentences.append(
            f"**Analysed as if each of the {noise.jobs} jobs were a commit, these readings show"
            f" {counted(noise.changes_reported, 'change')} where there is none: the machine is not steady.**"
            " docs/machine.md and `ergit doctor` say what to do."
        )
    else:
        sentences.append(
            f"Analysed as if each of the {noise.jobs} jobs were a commit, these readings show no change, as expected."
        )
    return " ".join(sentences)


def _detectable_rows(noise: NoiseRecord) -> list[list[str]]:
    rows = []
    for detectable in noise.visible:
        count = detectable.commits_after
        needed = [need.runs for need in noise.runs_needed if need.commits_after == count]
        rows.append(
            [
                "the newest one" if count == 1 else f"the newest {count}",
                f"{detectable.change:.1%}",
                *("never" if runs is None else str(runs) for runs in needed),
            ]
        )
    return rows


def _terms(noise: NoiseRecord) -> str:
    planned = f"{counted(noise.planned_rounds, 'round')} with {counted(noise.planned_repeats, 'reading')} each"
    return (
        f"Detectable: found in {POWER:.0%} of all cases, compared with the {WINDOW} commits before, at a false"
        f" discovery rate of {noise.false_discovery_rate:.0%} over {noise.planned_commits} commits. The minimum"
        f" detectable change is that of {planned}, as configured. Runs are those of each commit. Never: not even"
        f" {MOST_RUNS} runs suffice, because builds differ. A change below changes.least_change"
        f" ({noise.least_change:.1%}) is not reported, however many runs there are; lower that key to see smaller ones."
    )


def _limits(noise: NoiseRecord) -> Iterator[str]:
    usual = f"{BUILD_PRIOR:.1%}"
    if noise.build_spread is None:
        yield (
            "The spread between builds of the same source was not measured, because there is only one build"
            f" (noise.builds). {usual} is assumed."
        )
    else:
        yield (
            f"{noise.builds} builds say little about the spread between builds. The usual {usual} counts as"
            f" {PRIOR_WEIGHT} more builds, which gives the {noise.likely_build_spread:.2%} used here."
        )
    took = f"{noise.minutes:.0f} minutes" if noise.minutes >= 1.5 else "about a minute"
    yield f"It took {took}. A longer study also drifts, which is not included."
    yield "Other commits, workloads, machines and sessions can be noisier than this A/A commit."
