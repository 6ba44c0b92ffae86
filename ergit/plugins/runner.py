"""The process of one stage: loads its file, runs it with a context, and answers with what the stage made of that.

It is started with ergit's own Python, so that the file can import `ergit.stages`; what it starts sees the environment
of the commit's commands alone.
"""

import json
import os
import shutil
import sys
import traceback
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from ergit.stages import PipelineStage

MOST_CONTEXT_BYTES = 1_000_000
DEEPEST = 50
JSON_HOLDS = "JSON holds texts, numbers, True, False, None, lists, and dicts with texts for keys"

Context = dict[str, Any]  # the interface of stages: whatever JSON can hold


class StageError(Exception):
    """What is wrong with a stage, in words."""


def main(request_file: str, answer_file: str) -> None:
    """Runs the stage that the request names; the answer has the context it left, or the error it ended with.

    The request is an object with `path`, `source`, `attributes`, `own` (the keys that are ergit's) and `context`.
    """
    request = json.loads(Path(request_file).read_text(encoding="utf-8"))
    process = os.getpid()
    answer: dict[str, object]
    try:
        answer = {"context": context_after(request)}
    except BaseException as error:  # noqa: BLE001  # the file may raise anything: it is the failure of its stage
        print_from(error, request["path"])
        answer = {"error": description_of(error, request["path"])}
    if os.getpid() != process:  # a process that the stage forked has come out of its run()
        os._exit(0)
    part = Path(f"{answer_file}.part")
    part.write_text(json.dumps(answer), encoding="utf-8")
    part.replace(answer_file)
    sys.exit(1 if "error" in answer else 0)


def context_after(request: Context) -> Context:
    """The context that the stage leaves.

    Raises:
        StageError: it is no stage, or leaves what cannot be handed on.
    """
    sys.executable = commits_python()
    sys.argv = [request["path"]]
    stage = load(request["path"], request["source"])
    for name, value in request["attributes"].items():
        if getattr(stage, name) != value:
            raise StageError(
                f"its {name} is {getattr(stage, name)!r}, but the class says {value!r} in the file. Set it there."
            )
    context: Context = json.loads(json.dumps(request["context"]))
    stage.run(context)
    refuse_unusable(context, request["context"], request["own"])
    return context


def load(path: str, source: str) -> PipelineStage[Context]:
    """The stage of a file.

    Raises:
        StageError: `get_stage()` returns none.
    """
    module = ModuleType(Path(path).stem)
    module.__file__ = path
    sys.modules[module.__name__] = module  # dataclasses look their module up
    exec(compile(source, path, "exec"), module.__dict__)
    stage = module.get_stage()
    if not isinstance(stage, PipelineStage):
        raise StageError(f"get_stage() returned a {type(stage).__name__}, not a PipelineStage.")
    return stage


def commits_python() -> str:
    """The Python that the commit's commands get, so that `[sys.executable, "-m", "venv", …]` is of that one.

    Where ergit is in no virtual environment of its own, that may be ergit's Python all the same. So pip is kept there
    from installing anything but into a virtual environment.
    """
    if sys.prefix == sys.base_prefix:
        os.environ["PIP_REQUIRE_VIRTUALENV"] = "1"
    return shutil.which("python3") or ""


def refuse_unusable(context: Context, given: Context, own: list[str]) -> None:
    """Does nothing where the context can be handed on.

    Raises:
        StageError: a key that is ergit's was changed, or a value cannot be written as JSON; names it.
    """
    for key, value in context.items():
        problem = problem_with(value, f"context[{key!r}]") if isinstance(key, str) else f"the key {key!r} is no text"
        if problem:
            raise StageError(f"{problem}. {JSON_HOLDS}.")
    for key in own:
        if key not in context or json.dumps(context[key]) != json.dumps(given[key]):
            raise StageError(f"context[{key!r}] is ergit's own and cannot be changed. Use a key of your own.")
    for key in ("build_failed", "abort_pipeline"):
        if not isinstance(context.get(key, False), bool):
            raise StageError(f"context[{key!r}] is {context[key]!r}; it is True or False.")
    refuse_wrong_variables(context.get("environment"))
    sizes = {key: len(json.dumps(value)) for key, value in context.items() if key not in own}
    if sum(sizes.values()) > MOST_CONTEXT_BYTES:
        largest = max(sizes, key=lambda key: sizes[key])
        raise StageError(
            f"the context has {sum(sizes.values())} bytes, most of them in context[{largest!r}]. It stands in each"
            f" record, so the limit is {MOST_CONTEXT_BYTES}. Write a file, and put its path into the context."
        )


def refuse_wrong_variables(environment: object) -> None:
    """Does nothing where the environment can be handed to a process.

    Raises:
        StageError: a variable's name or value is none.
    """
    if not isinstance(environment, dict):
        raise StageError("context['environment'] has to stay a dict of variables.")
    for name, value in environment.items():
        if not isinstance(value, str) or "\0" in value or not name or "=" in name or "\0" in name:
            raise StageError(
                f"context['environment'][{name!r}] is {value!r}; a variable has a name, and a text as value."
            )


def problem_with(value: object, where: str, depth: int = 0) -> str | None:
    """Why the value cannot be written as JSON; None where it can. `where` is how a person would write it."""
    if depth > DEEPEST:
        return f"{where} is nested more than {DEEPEST} levels deep"
    if value is None or isinstance(value, (bool, int)):
        return None
    if isinstance(value, float):
        return None if value - value == 0 else f"{where} is {value}"
    if isinstance(value, str):
        return f"{where} is not a text that UTF-8 can hold" if any("\ud800" <= c <= "\udfff" for c in value) else None
    if isinstance(value, (list, tuple)):
        parts = ((item, f"{where}[{index}]") for index, item in enumerate(value))
    elif isinstance(value, dict):
        wrong = next((key for key in value if not isinstance(key, str)), None)
        if wrong is not None:
            return f"{where} has the key {wrong!r}, which is no text"
        parts = ((item, f"{where}[{key!r}]") for key, item in value.items())
    else:
        return f"{where} is a {type(value).__name__}"
    return next((problem for item, where in parts if (problem := problem_with(item, where, depth + 1))), None)


def description_of(error: BaseException, path: str) -> str:
    """What a stage ended with, after the file and the line of its own in which that happened."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    if isinstance(error, SyntaxError) and error.filename == path:
        lines.append(error.lineno)
    where = f"{Path(path).name}, line {lines[-1]}: " if lines else f"{Path(path).name}: "
    if isinstance(error, SystemExit):
        return f"{where}it called sys.exit({error.code!r}) instead of returning or raising"
    if isinstance(error, StageError):
        return f"{where}{error}"
    return f"{where}{type(error).__name__}: {error}" if str(error) else f"{where}{type(error).__name__}"


def print_from(error: BaseException, path: str) -> None:
    """Prints the stack of the error from the stage's file on, without what called it."""
    stack: TracebackType | None = error.__traceback__
    while stack is not None and stack.tb_frame.f_code.co_filename != path:
        stack = stack.tb_next
    traceback.print_exception(error.with_traceback(stack or error.__traceback__))
