"""The study's own pre-test stages of one commit, in its build dir: before the build commands, and after them."""

from pathlib import Path

from msgspec.structs import replace

from ergit.plugins.facts import StageFacts
from ergit.plugins.runs import end
from ergit.records.build import BuildRecord
from ergit.records.record import JsonObject


def after_stages(
    record: BuildRecord, facts: StageFacts | None, build_dir: Path, put: JsonObject, *, after_build: bool
) -> BuildRecord:
    """The record after the stages of this position, up to the first that fails; the build has failed then.

    Args:
        record: the build so far.
        facts: those of the job; None where the study has no stages of its own.
        build_dir: where the stages run.
        put: what pre stages have put into the context, which is not recorded with the commit.
        after_build: the position.

    Raises:
        ErgitError: a stage has ended the whole run, or cannot be run at all.
    """
    if facts is None:
        return record
    from ergit.plugins.process import run_stage  # most studies have no stages of their own

    for stage in facts.settings.stages_of("pre-test"):
        if stage.after_build != after_build or record.status != "ok":
            continue
        known = {**put, **record.context}
        run = run_stage(stage, facts, build_dir, put=known, variables=record.environment, tree=build_dir)
        with run as result:
            pass
        if result.aborted is not None:
            raise end(facts.settings, stage.name, result.aborted)
        record = replace(
            record,
            environment=result.variables,
            stages=(*record.stages, result.recorded),
            context=added(result.put, put),
            status=result.recorded.status,
            reason=result.reason,
        )
    return record


def added(found: JsonObject, before: JsonObject) -> JsonObject:
    """What of the context is new, or has another value than before."""
    return {key: value for key, value in found.items() if key not in before or before[key] != value}
