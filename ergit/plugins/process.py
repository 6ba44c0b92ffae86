"""Runs one stage in a process of its own, in the environment of the commit's commands; what became of it."""

import json
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from importlib.util import decode_source
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ergit.building.sandboxes import building_sandbox, measuring_sandbox
from ergit.config.handover import ROOT
from ergit.config.settings import JobSettings, StageFile
from ergit.disk import refuse_full_disk
from ergit.errors import ErgitError
from ergit.plugins.facts import OWN, StageFacts
from ergit.plugins.files import ATTRIBUTES
from ergit.processes import output
from ergit.processes.environment import child_environment
from ergit.processes.run import Leftover, Outcome, failure_reason, run_and_leave
from ergit.processes.sandbox import Sandbox
from ergit.records.record import JsonObject
from ergit.records.stages import StageOutcome
from ergit.text import one_line

MOST_OUTPUT_BYTES = 64_000_000
"""What a stage may print, with all that it starts; a megabyte of it is kept."""
REASON_CHARACTERS = 500
SIGNALS = ("build_failed", "abort_pipeline", "reason")
"""The keys by which a stage says that something ends; they are set anew for each stage."""


class StageResult(Struct, frozen=True):
    """What became of one run of a stage; `put` and `variables` are those that the next stage gets."""

    outcome: Outcome
    recorded: StageOutcome
    put: JsonObject
    variables: dict[str, str]
    aborted: str | None = None  # why the whole run is to end
    leftover: Leftover | None = None

    @property
    def reason(self) -> str | None:
        """Why the stage has failed; None where it has not."""
        return self.recorded.reason


@contextmanager
def run_stage(
    stage: StageFile,
    facts: StageFacts,
    directory: Path,
    *,
    put: Mapping[str, object],
    variables: Mapping[str, str],
    tree: Path | None = None,
    reading: JsonObject | None = None,
    title: str = "",
) -> Iterator[StageResult]:
    """Runs the stage; what it leaves running goes on until the end of the block.

    Args:
        stage: what is run.
        facts: those of the job.
        directory: where it is run; in a tree it may not lead out of that.
        put: what earlier stages have put into the context.
        variables: what ergit and earlier stages set for the commit's commands.
        tree: the commit's tree; None for a stage that runs before there is one.
        reading: what is known of the reading, for a batch stage.
        title: what stands above its output in its log, after its name.

    Raises:
        ErgitError: its file was changed, a disk is full, or this machine cannot start processes.
    """
    log = facts.log_of(stage)
    log.parent.mkdir(parents=True, exist_ok=True)
    exchange = log.with_name(f".{log.name}.exchange")
    shutil.rmtree(exchange, ignore_errors=True)
    exchange.mkdir()
    request, answer = exchange / "request.json", exchange / "answer.json"
    given: JsonObject = {
        **put,
        **facts.context(stage, tree, reading),
        "environment": dict(variables),
        "build_failed": False,
        "abort_pipeline": False,
        "reason": None,
    }
    try:
        request.write_text(json.dumps(_request(stage, given)), encoding="utf-8")
        start = output.head(log, f"{stage.name} {title}".rstrip())
        sandbox = None if tree is None else _sandbox(stage, facts.settings, tree, exchange.absolute())
        command = run_and_leave(
            _command(request.absolute(), answer.absolute()),
            directory=directory,
            inside=tree or Path("/"),
            environment=child_environment(variables, in_sandbox=sandbox is not None),
            timeout_seconds=stage.timeout_seconds,
            most_output_bytes=MOST_OUTPUT_BYTES,
            log=log,
            sandbox=sandbox,
        )
        with command as (outcome, leftover):
            has_printed_too_much = _shortened(log, start) > MOST_OUTPUT_BYTES
            refuse_full_disk((log.parent, directory.parent))
            result = _result(stage, outcome, answer, put, variables, has_printed_too_much)
            yield replace(result, leftover=leftover)
        _shortened(log, start)  # what was left running has printed too
    finally:
        shutil.rmtree(exchange, ignore_errors=True)


def _shortened(log: Path, start: int) -> int:
    """How many bytes the log had after `start`, before its middle was cut out; 0 where the stage has removed it."""
    try:
        size = log.stat().st_size
        output.shorten(log, start)
    except FileNotFoundError:
        return 0
    return size - start


def _request(stage: StageFile, context: JsonObject) -> JsonObject:
    """What the stage's process is told.

    Raises:
        ErgitError: the file is not the one that the run began with.
    """
    try:
        content = Path(stage.path).read_bytes()
    except OSError as error:
        raise ErgitError(f"The stage {stage.path} cannot be read: {error.strerror}.") from None
    if sha256(content).hexdigest() != stage.sha256:
        raise ErgitError(
            f"{stage.path} was changed while the study ran. Run the same command again: what was built or measured with"
            " the old file is done again."
        )
    return {
        "path": stage.path,
        "source": decode_source(content),
        "attributes": {name: getattr(stage, name) for name in ATTRIBUTES},
        "own": list(OWN),
        "context": context,
    }


def _sandbox(stage: StageFile, settings: JobSettings, tree: Path, exchange: Path) -> Sandbox | None:
    """The sandbox of a stage that runs in a commit's tree; it reads its own file, ergit and ergit's Python besides."""
    sandbox = (measuring_sandbox if stage.kind == "batch" else building_sandbox)(settings, tree, exchange)
    if sandbox is None:
        return None
    needed = (Path(ROOT, "ergit"), Path(sys.prefix), Path(sys.base_prefix), Path(stage.path).absolute())
    return sandbox._replace(read=(*sandbox.read, *needed))


def _command(request: Path, answer: Path) -> str:
    """The command of the stage's process: ergit's Python, which takes no notice of the commit's PYTHON… variables."""
    code = (
        f"import sys; sys.path.insert(0, {ROOT!r}); from ergit.plugins.runner import main;"
        f" main({str(request)!r}, {str(answer)!r})"
    )
    return shlex.join(["exec", sys.executable, "-I", "-u", "-X", "utf8", "-c", code])


def _result(
    stage: StageFile,
    outcome: Outcome,
    answer: Path,
    put: Mapping[str, object],
    variables: Mapping[str, str],
    has_printed_too_much: bool,
) -> StageResult:
    answered: JsonObject = json.loads(answer.read_text(encoding="utf-8")) if answer.exists() else {}
    context = answered.get("context")
    failed: str | None
    if has_printed_too_much:
        failed = f"it printed more than {MOST_OUTPUT_BYTES // 1_000_000} MB"
    elif outcome.status != "ok" and outcome.exit_code is None:
        failed = failure_reason("it", outcome, stage.timeout_seconds)
    elif "error" in answered:
        failed = str(answered["error"])
    elif outcome.status != "ok" or not isinstance(context, dict):
        failed = f"it ended its own process with status {outcome.exit_code} before run() had returned"
    elif context["build_failed"] and not context["abort_pipeline"]:
        failed = str(context["reason"] or "it set build_failed, and no reason")
    else:
        return _succeeded(stage, outcome, context)
    recorded = StageOutcome(
        name=stage.name,
        status="failed" if outcome.status == "ok" else outcome.status,
        reason=one_line(f"stage {stage.name}: {failed}", REASON_CHARACTERS),
        seconds=_seconds(outcome),
    )
    return StageResult(outcome._replace(status=recorded.status), recorded, dict(put), dict(variables))


def _succeeded(stage: StageFile, outcome: Outcome, context: JsonObject) -> StageResult:
    recorded = StageOutcome(name=stage.name, status="ok", reason=None, seconds=_seconds(outcome))
    put = {key: value for key, value in context.items() if key not in (*OWN, *SIGNALS, "environment")}
    aborted = None
    if context["abort_pipeline"]:
        aborted = one_line(str(context["reason"] or "it set abort_pipeline, and no reason"), REASON_CHARACTERS)
    return StageResult(outcome, recorded, put, msgspec.convert(context["environment"], dict[str, str]), aborted)


def _seconds(outcome: Outcome) -> float:
    return round(outcome.duration_seconds, 3)
