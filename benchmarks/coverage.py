"""How often the 95% intervals hold the true change, for studies of 2 × 3 to 20 × 9 readings, even and uneven.

    python3 -P benchmarks/coverage.py [--histories 400] [--seed 1] [--noise RUNS.csv] [--step 0.05]

The noise is made: normal from run to run, with a standard deviation of 1 or 3% for all commits, drawn anew for each,
8% on one side of the step, or 13% for one commit; and 0.5% between builds, as the analysis assumes for few commits.
With `--noise`, a list of `commit,joules` lines, the runs of real commits are drawn instead, and the builds with them.
"""

import argparse
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ergit.analysis.detection.detect import detect
from ergit.analysis.detection.neighbours import neighbour_differences
from ergit.analysis.detection.noise import BUILD_PRIOR
from ergit.analysis.detection.observations import one_session
from ergit.analysis.detection.significance import FloatArray
from ergit.analysis.difference import Sides, difference_of
from ergit.analysis.runs import read_runs
from ergit.config.settings import ChangeSettings

SIZES = (
    *((2, 3), (2, 5), (2, 9), (3, 3), (3, 5), (3, 9), (4, 3), (4, 6), (5, 3), (5, 6)),
    *((8, 5), (10, 5), (20, 3), (20, 9)),
)
LEAST_COMMITS = 8  # neighbours whose median centre is the level of a real commit
Generator = np.random.Generator
Spreads = Callable[[int, Generator], FloatArray]


def one_noisy(commits: int, rng: Generator) -> FloatArray:
    """13% for one commit, 1% for the others."""
    spreads = np.full(commits, 0.01)
    spreads[rng.integers(commits)] = 0.13
    return spreads


def noisy_side(commits: int, rng: Generator) -> FloatArray:
    """8% on one side of the step, 1% on the other."""
    after = np.arange(commits) >= commits // 2
    return np.where(after == (rng.random() < 0.5), 0.08, 0.01)


MADE: dict[str, Spreads] = {
    "even, 1%": lambda commits, _: np.full(commits, 0.01),
    "even, 3%": lambda commits, _: np.full(commits, 0.03),
    "each its own, 1 to 4%": lambda commits, rng: 0.02 * np.exp(rng.normal(0, 0.7, commits)),
    "one side 8%, the other 1%": noisy_side,
    "one commit 13%, the others 1%": one_noisy,
}


def made(spreads: Spreads, commits: int, readings: int, rng: Generator) -> FloatArray:
    """Log joules (commits × readings) without a change."""
    errors = rng.normal(0, 1, (commits, readings)) * spreads(commits, rng)[:, None]
    noise: FloatArray = rng.normal(0, BUILD_PRIOR, commits)[:, None] + errors
    return noise


def real(path: Path) -> list[FloatArray]:
    """The readings of each commit, as log joules less the median of its neighbours' centres; far ones are left out."""
    _, observations = read_runs(path)
    logs = np.log(observations.joules)
    runs = np.split(logs, np.searchsorted(observations.commit, np.arange(1, observations.commits)))
    medians = np.array([np.median(values) for values in runs])
    around = [
        np.median(medians[max(0, index - LEAST_COMMITS) : index + LEAST_COMMITS + 1]) for index in range(len(runs))
    ]
    return [
        values - level
        for values, level, median in zip(runs, around, medians, strict=True)
        if abs(median - level) < 3 * BUILD_PRIOR
    ]


def drawn(runs: list[FloatArray], commits: int, readings: int, rng: Generator) -> FloatArray:
    """Log joules (commits × readings) of commits drawn from those that have enough readings."""
    enough = [values for values in runs if len(values) >= readings]
    return np.array([rng.choice(enough[rng.integers(len(enough))], readings, replace=False) for _ in range(commits)])


def coverage(noise: Callable[[int, int, Generator], FloatArray], step: float, histories: int, seed: int) -> None:
    """Prints, for each size, how often intervals hold the step, and how often it is found."""
    print("| commits × readings | level against level | commit against commit | found | where found | median width |")
    print("|---|---|---|---|---|---|")
    for commits, readings in SIZES:
        rng = np.random.default_rng([seed, commits, readings])
        after = np.arange(commits) >= commits // 2
        levels, neighbours, found, widths = [], [], [], []
        for _ in range(histories):
            logs = noise(commits, readings, rng) + np.where(after, math.log1p(step), 0.0)[:, None]
            observations = one_session(np.repeat(np.arange(commits), readings), np.exp(logs).ravel())
            (part,) = detect(observations, ChangeSettings())
            low, high = difference_of(
                Sides(part, np.flatnonzero(~after).tolist(), np.flatnonzero(after).tolist())
            ).interval()
            levels.append(low <= step <= high)
            widths.append(high - low)
            low, high = neighbour_differences(part)[commits // 2 - 1].interval()
            neighbours.append(low <= step <= high)
            found += [
                change.ci_low <= step <= change.ci_high
                for change in part.changes
                if change.position == commits // 2 and change.kind == "persistent"
            ]
        where_found = f"{np.mean(found):.0%}" if found else "-"
        print(
            f"| {commits} × {readings} | {np.mean(levels):.1%} | {np.mean(neighbours):.1%} |"
            f" {len(found) / histories:.0%} | {where_found} | {np.median(widths):.1%} |",
            flush=True,
        )


def main() -> None:
    """Prints the table of each kind of noise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--histories", type=int, default=400, help="of each size")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--step", type=float, default=0.05, help="the true change")
    parser.add_argument("--noise", type=Path, help="a list of runs whose noise is drawn")
    arguments = parser.parse_args()
    if arguments.noise:
        runs = real(arguments.noise)
        print(f"\n### {arguments.noise.name}, {len(runs)} commits\n")
        coverage(lambda *size: drawn(runs, *size), arguments.step, arguments.histories, arguments.seed)
        return
    for name, spreads in MADE.items():
        print(f"\n### {name}\n")
        coverage(
            lambda *size, spreads=spreads: made(spreads, *size), arguments.step, arguments.histories, arguments.seed
        )


if __name__ == "__main__":
    main()
