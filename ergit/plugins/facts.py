"""What a stage of the study's own is told of the job that it runs in."""

from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ergit.config.settings import JobSettings, StageFile
from ergit.records.java import ChosenJdk, read_java
from ergit.records.record import JsonObject

OWN = ("stage", "kind", "commit", "paths", "config", "java", "reading")
"""The keys of the context that say where a stage is; it cannot change them."""


class StageFacts(Struct, frozen=True):
    """What all stages of a job find in their context, and where their logs are."""

    settings: JobSettings
    record: Path  # the record of the job; logs of its stages lie beside it
    commit: str | None = None
    round: int | None = None  # of a measuring job
    jdk: ChosenJdk | None = None  # with which the commit is built; None: the one that was chosen for it

    def with_jdk(self, jdk: ChosenJdk | None) -> "StageFacts":
        """These facts, where the commit is built with that JDK."""
        return replace(self, jdk=jdk)

    def log_of(self, stage: StageFile) -> Path:
        """The log of a stage."""
        return self.record.with_name(f"{self.record.stem}.{stage.name}.log")

    def forget(self) -> None:
        """Removes the logs that an earlier job has left there."""
        for stage in self.settings.stages:
            self.log_of(stage).unlink(missing_ok=True)

    def context(self, stage: StageFile, tree: Path | None, reading: JsonObject | None) -> JsonObject:
        """The keys of the context that say where a stage is: those of `OWN`.

        Raises:
            ErgitError: the table of commits, or the record of the JDK, cannot be read.
        """
        results = Path(self.settings.results).absolute()
        path = results / f"java/{self.commit}.json"
        java = read_java(path) if path.exists() else None
        if java is not None and self.jdk is not None:
            java = replace(java, chosen=self.jdk)
        return {
            "stage": stage.name,
            "kind": stage.kind,
            "commit": self._commit(results),
            "paths": {
                "study": str(Path.cwd()),
                "results": str(results),
                "tree": None if tree is None else str(tree),
                "log": str(self.log_of(stage).absolute()),
            },
            "config": _config(self.settings),
            "java": msgspec.to_builtins(java),
            "reading": reading,
        }

    def _commit(self, results: Path) -> JsonObject | None:
        if self.commit is None:
            return None
        from ergit.records.commits import read_commits  # most studies have no stages of their own

        found = next((row for row in read_commits(results / "commits.tsv") if row.commit == self.commit), None)
        if found is None:
            return {"sha": self.commit}
        return {
            "sha": found.commit,
            "subject": found.subject,
            "author": found.author,
            "date": found.date,
            "order": found.order,
            "parents": list(found.parents),
            "tags": list(found.tags),
        }


def _config(settings: JobSettings) -> JsonObject:
    """The parts of the config that a job knows, without a password in the URL."""
    from ergit.urls import public_url

    found: JsonObject = msgspec.to_builtins(settings)
    repository = msgspec.to_builtins(settings.repository) | {"url": public_url(settings.repository.url)}
    parts = {name: found[name] for name in ("java", "build", "workload", "measure")}
    return {"repository": repository, **parts, "modules_enabled": [Path(stage.path).name for stage in settings.stages]}
