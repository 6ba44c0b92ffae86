"""Which built trees are put aside where they take more disk than `build.disk_gigabytes`."""

from collections.abc import Iterator
from pathlib import Path

from ergit.building.artifacts import evict
from ergit.config.settings import JobSettings
from ergit.records.plan import read_plan

BYTES_OF_GIGABYTE = 10**9


def folder_of_builds_again(artifact: Path, commit: str) -> Path:
    """Where the records and logs of builds are that were made again, numbered from 2."""
    return artifact.parent / "again" / commit


def evict_beyond(settings: JobSettings, artifact: Path) -> None:
    """Puts artifacts aside until those beside this one take no more than the limit: it itself last.

    First go those of commits that have all their readings, as in batches that are finished. The others are measured in
    turn, round after round, so those that came first stay: to put aside what was not used for longest would make every
    build again in every round.

    Raises:
        ErgitError: the plan of the study is damaged.
    """
    if settings.build.disk_gigabytes is None:
        return
    sizes = {path: path.stat().st_size for path in artifact.parent.glob("*.tar.gz")}
    excess = sum(sizes.values()) - settings.build.disk_gigabytes * BYTES_OF_GIGABYTE
    for path in (*_finished(settings, artifact.parent), artifact) if excess > 0 else ():
        if excess > 0 and sizes.get(path):
            evict(path)
            excess -= sizes.pop(path)


def _finished(settings: JobSettings, folder: Path) -> Iterator[Path]:
    """Where the artifacts are of commits that have all their readings; none before the commits are chosen."""
    plan = Path(settings.results, "plan.json")
    numbers: dict[str, list[int]] = {}
    for commit, number in read_plan(plan).readings(settings.measure.rounds) if plan.exists() else ():
        numbers.setdefault(commit, []).append(number)
    for commit, rounds in numbers.items():
        if all(Path(settings.results, f"readings/{commit}/{number}.json").exists() for number in rounds):
            yield folder / f"{commit}.tar.gz"
