"""What each calibrated constant of the analysis does: changes found, false alarms and intervals with other values.

    python3 -P benchmarks/calibration.py [--noise RUNS.csv] [--constant partition.PENALTY] [--histories 40] [--seed 1]

Histories are made of real or made noise: blocks of consecutive commits of a list of `commit,joules` lines, less their
level, with steps of 2 and 3% whose places are known. The default list is made, with heavy tails, drift, outliers and
builds that differ; it ships with ergit. Each line is one value of one constant; `now` is the one in the code.
"""

import argparse
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import numpy as np

from ergit.analysis.detection import centres, change_points, detect, differences, noise, partition, power, sessions
from ergit.analysis.detection.observations import one_session
from ergit.analysis.detection.significance import FloatArray
from ergit.analysis.difference import Sides, difference_of
from ergit.analysis.runs import read_runs
from ergit.config.settings import ChangeSettings

MODULES: tuple[ModuleType, ...] = (centres, change_points, detect, differences, noise, partition, power, sessions)
CALIBRATED: dict[str, tuple[float, ...]] = {  # other values that each constant is compared with
    "centres.PLAUSIBLE_SPREAD": (1.0, 4.0),
    "centres.MANY_COMMITS": (0, 1000),
    "centres.DEGREES_OF_READING": (0.5, 1.0),
    "change_points.WINDOW": (10, 40),
    "change_points.SELECTION_CHOICES": (1, 20),
    "change_points.PLACING_DEGREES": (2.0, 30.0),
    "differences.SIDE_PRIOR": (1.0, 30.0),
    "differences.LEAST_SIDE": (0.5, 1.0),
    "noise.BUILD_PRIOR": (0.0025, 0.01),
    "noise.PRIOR_WEIGHT": (1, 20),
    "noise.SPOILT": (0, 10),
    "noise.NEIGHBOURHOOD": (10, 40),
    "noise.LOCAL_SHARE": (0.0, 1.0),
    "noise.LEAST_RUN_SHARE": (0.4, 1.2),
    "noise.TAIL_PENALTY": (0.0, 40.0),
    "noise.CLIPPED_LOSS": (1.0, 1.3),
    "noise.LOCAL_RATIO_PRIOR": (2.0, 30.0),
    "noise.LOCAL_RATIO_REACH": (6, 24),
    "noise.LEAST_LOCAL_RATIO": (0.25, 1.0),
    "partition.PENALTY": (1.2, 4.8),
    "sessions.NOISY_SPREAD": (1.0, 20.0),
    "sessions.CHANCE_WEIGHT": (0.0, 6.0),
}
COMMITS, READINGS, STEPS, APART = 100, 5, 3, 12
BLOCK = 20  # consecutive commits that are drawn together, so that what is alike among neighbours stays so
LEVEL = 10  # commits on either side whose median is the level
Generator = np.random.Generator


@contextmanager
def changed(name: str, value: float) -> Iterator[None]:
    """The constant with another value, in its module and in those that import it."""
    home, constant = name.split(".")
    known = [other.split(".")[0] for other in CALIBRATED if other.endswith(f".{constant}") and other != name]
    modules = [
        module for module in MODULES if hasattr(module, constant) and module.__name__.split(".")[-1] not in known
    ]
    before = getattr(next(module for module in modules if module.__name__.endswith(home)), constant)
    for module in modules:
        setattr(module, constant, value)
    try:
        yield
    finally:
        for module in modules:
            setattr(module, constant, before)


def residuals(path: Path) -> list[FloatArray]:
    """The log joules of each commit of a list of runs, less the median level around it."""
    _, observations = read_runs(path)
    runs = np.split(
        np.log(observations.joules), np.searchsorted(observations.commit, np.arange(1, observations.commits))
    )
    medians = np.array([np.median(values) for values in runs])
    return [
        values - float(np.median(medians[max(0, index - LEVEL) : index + LEVEL + 1]))
        for index, values in enumerate(runs)
        if len(values) >= READINGS
    ]


def history(runs: list[FloatArray], size: float, rng: Generator) -> tuple[FloatArray, list[int]]:
    """Log joules (commits × readings) with steps of that size up or down, and where they are; none for size 0."""
    drawn: list[FloatArray] = []
    while len(drawn) < COMMITS:
        start = int(rng.integers(max(1, len(runs) - BLOCK)))
        drawn += [rng.choice(values, READINGS, replace=False) for values in runs[start : start + BLOCK]]
    logs = np.array(drawn[:COMMITS])
    places = sorted(int(place) for place in rng.permutation(np.arange(APART, COMMITS - APART, APART))[:STEPS])
    for place in places if size else ():
        logs[place:] += math.log1p(size) * (1 if rng.random() < 0.5 else -1)
    return logs, places if size else []


def line(runs: list[FloatArray], histories: int, seed: int) -> str:
    """Changes found within one commit, intervals that hold the step, and false alarms, as cells of a table."""
    cells, alarms, commits = [], 0, 0
    for size in (0.0, 0.02, 0.03):
        rng = np.random.default_rng([seed, round(1000 * size)])
        found = held = steps = 0
        for _ in range(histories):
            logs, places = history(runs, size, rng)
            observations = one_session(np.repeat(np.arange(COMMITS), READINGS), np.exp(logs).ravel())
            changes = [
                change
                for part in detect.detect(observations, ChangeSettings())
                for change in part.changes
                if change.kind == "persistent"
            ]
            near = [change for change in changes if any(abs(change.position - place) <= 1 for place in places)]
            alarms, commits, steps = alarms + len(changes) - len(near), commits + COMMITS, steps + len(places)
            found += len(near)
            held += sum(
                min(abs(low), abs(high)) <= size / (1 + size) * 1.02 and size <= max(abs(low), abs(high))
                for low, high in ((change.ci_low, change.ci_high) for change in near)
            )
        if size:
            cells += [f"{found / steps:.0%}", f"{held / max(1, found):.0%}"]
    return " | ".join([*cells, f"{1000 * alarms / commits:.2f}"])


def small_and_uneven(histories: int, seed: int) -> str:
    """How often intervals hold 5% in 4 commits of 3 readings, where one side spreads 8% and the other 1%."""
    rng = np.random.default_rng([seed, 4])
    spread = np.array([0.01, 0.01, 0.08, 0.08])[:, None]
    held = 0
    for _ in range(histories):
        levels = rng.normal(0, 0.005, 4) + np.array([0, 0, 1, 1]) * math.log(1.05)
        logs = levels[:, None] + spread * rng.normal(0, 1, (4, 3))
        (part,) = detect.detect(one_session(np.repeat(np.arange(4), 3), np.exp(logs).ravel()), ChangeSettings())
        low, high = difference_of(Sides(part, [0, 1], [2, 3])).interval()
        held += low <= 0.05 <= high
    return f"{held / histories:.0%}"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--noise", type=Path, default=Path(__file__).parent / "made_noise.csv")
    parser.add_argument("--constant", choices=list(CALIBRATED), help="one of them; all without it")
    parser.add_argument("--histories", type=int, default=40, help="of each size of step")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    runs = residuals(arguments.noise)
    count, seed = arguments.histories, arguments.seed
    header = (
        "constant",
        "value",
        "2% found",
        "interval holds",
        "3% found",
        "interval holds",
        "false alarms per 1,000",
    )
    print(f"| {' | '.join(header)} | interval holds in 4 × 3, uneven |")
    print("|---|---|---|---|---|---|---|---|")
    print(f"| all | now | {line(runs, count, seed)} | {small_and_uneven(10 * count, seed)} |", flush=True)
    for name in [arguments.constant] if arguments.constant else CALIBRATED:
        for value in CALIBRATED[name]:
            with changed(name, value):
                cells = line(runs, count, seed), small_and_uneven(10 * count, seed)
                print(f"| {name} | {value} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
