"""The last words of a run that did not finish: what failed, why, what to do and where the log is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ergit.errors import SPEAKER, last_words
from ergit.same_failures import HOPELESS
from ergit.text import counted

INTERRUPTED = f"{SPEAKER}interrupted; the same command continues"
TOLD = 3
"""So many different failures are told; the others are counted."""


@dataclass(frozen=True)
class FailedJob:
    """A job that failed; `signal` is the name of the one that killed its program, where that is known."""

    rule: str
    wildcards: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None
    signal: str | None = None

    def __str__(self) -> str:
        """Its name as a person would write it: `build` of commit a1b2c3d4e5."""
        of = ", ".join(f"{name} {value[:10]}" for name, value in self.wildcards.items())
        return f"`{self.rule}` of {of}" if of else f"`{self.rule}`"

    def said(self) -> str:
        """What its log says: the sentence that ends it, or its end; empty where there is none."""
        if self.log is None or not self.log.exists():
            return ""
        return last_words(self.log)

    def in_short(self) -> str:
        """Why it failed, after its name."""
        return f"it was killed ({self.signal})" if self.signal else self.said() or "no log says why"

    def words(self) -> str:
        """Why it failed, for a person."""
        if self.signal:  # before what its log says, which is of what it did, and not why it ended
            return (
                f"{SPEAKER}the job {self} was killed ({self.signal}): by the kernel where memory ran out, which"
                " `dmesg` says, or by somebody. The same command tries it again."
            )
        said = self.said()
        if said.startswith(SPEAKER):
            return said
        if said:
            return f"{SPEAKER}the job {self} failed, and its log ends so:\n{said}"
        return f"{SPEAKER}the job {self} failed, and no log says why; what it printed stands above, if anything."


def last_lines(jobs: Iterable[FailedJob], snakemake_logs: Sequence[str], *, is_interrupted: bool) -> Iterator[str]:
    """What is told of the jobs that failed, a paragraph each with an empty line before it, the reason of the end last.

    Of an interrupted run only what failed before is told: a job that was ended with it has said no sentence.
    """
    causes: dict[str, list[FailedJob]] = {}
    for job in jobs:
        if not is_interrupted or (job.signal is None and job.said().startswith(SPEAKER)):
            causes.setdefault(job.words(), []).append(job)
    told = sorted(causes, key=lambda words: HOPELESS in words)
    if len(told) > TOLD:
        others = counted(len(told) - TOLD, "other failure")
        yield f"\n{SPEAKER}{others} beside these: {_named(snakemake_logs)} names their logs.\n"
    for words in told[-TOLD:]:
        yield f"\n{words}\n  ({_where(causes[words], snakemake_logs)})\n"
    if not told and not is_interrupted:
        yield f"\n{SPEAKER}the run did not finish; {_named(snakemake_logs)} says more.\n"


def _where(jobs: Sequence[FailedJob], snakemake_logs: Sequence[str]) -> str:
    """The log of the first of some jobs that failed alike, and how many others there are."""
    first = next((job.log for job in jobs if job.log is not None), None)
    log = f"log: {first}" if first else f"log: {_named(snakemake_logs)}"
    return log if len(jobs) == 1 else f"{log}; {counted(len(jobs) - 1, 'other job')} failed with the same words"


def _named(logs: Sequence[str]) -> str:
    return logs[0] if logs else "Snakemake's log"
