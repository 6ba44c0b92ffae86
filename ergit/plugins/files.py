"""The files of `modules_enabled`: where they are, and what their classes say of themselves.

A file is read, not run: `snakemake -n` starts no code of the study, and what a file does when it is loaded, it does in
the process of its stage alone. So the attributes of its class have to be written out in the class.
"""

import ast
import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from ergit.config.settings import StageFile
from ergit.errors import ErgitError

SHIPPED = Path(__file__).parents[2] / "modules"
FOLDER = "modules"
NAME = re.compile("[A-Za-z_][A-Za-z0-9_-]*")
RESERVED = frozenset({"output"})
"""A stage's log is named like the stage, and this one is the log of the commands."""
ATTRIBUTES = ("kind", "after_build", "before", "after", "runs_after_failure", "timeout_seconds")
"""What a class says of itself; each is a field of `StageFile` too."""


def enabled_stages(names: Sequence[str], study: Path = Path()) -> tuple[StageFile, ...]:
    """The stages of these files, in their order.

    Args:
        names: as they stand in `modules_enabled`.
        study: the folder that they are relative to.

    Raises:
        ErgitError: a file is not there, is no stage, or has the name of another one.
    """
    stages: dict[str, StageFile] = {}
    for name in names:
        stage = read_stage(find(name, study))
        if stage.name in stages:
            raise ErgitError(
                f"modules_enabled: two stages are called {stage.name}; give one of the files another name."
            )
        stages[stage.name] = stage
    return tuple(stages.values())


def find(name: str, study: Path) -> Path:
    """The file of that name: in the study's folder, in its `modules`, or among those that come with ergit.

    Raises:
        ErgitError: it is in none of them.
    """
    candidates = [study / name, study / FOLDER / name, SHIPPED / name]  # an absolute name is itself
    found = next((candidate for candidate in candidates if candidate.is_file()), None)
    if found is None:
        looked = " nor ".join(dict.fromkeys(str(candidate.absolute()) for candidate in candidates))
        raise ErgitError(
            f"modules_enabled: there is no stage {name!r}: neither {looked} is a file. Correct the name, or make one"
            " with `ergit new-stage`."
        )
    return found.absolute()


def read_stage(path: Path) -> StageFile:
    """What a file says of its stage, read without running it.

    Raises:
        ErgitError: it cannot be read, is no Python, or is no stage; names the line.
    """
    if path.suffix != ".py" or not NAME.fullmatch(path.stem) or path.stem in RESERVED:
        raise ErgitError(
            f"modules_enabled: {path.name!r} is no name of a stage. It ends in `.py`; before that stand letters,"
            f" digits, `_` and `-`, and not the word {' or '.join(RESERVED)}."
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ErgitError(f"modules_enabled: {path} cannot be read: {error.strerror}.") from None
    try:
        tree = ast.parse(content, filename=str(path))
    except SyntaxError as error:
        raise _refusal(path, error.lineno, f"{error.msg}.") from None
    except ValueError as error:  # a zero byte
        raise _refusal(path, None, f"{error}.") from None
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    attributes = dict(_attributes(path, _returned_class(path, tree, classes), classes))
    facts = {"name": path.stem, "path": str(path), "sha256": hashlib.sha256(content).hexdigest()}
    for name, (value, line) in attributes.items():
        try:
            msgspec.convert({**facts, name: value}, StageFile)
        except msgspec.ValidationError as error:
            raise _refusal(path, line, f"{name} is {value!r}. {error}.") from None
    stage = msgspec.convert({**facts, **{name: value for name, (value, _) in attributes.items()}}, StageFile)
    _refuse_contradictions(path, stage)
    return stage


def _refuse_contradictions(path: Path, stage: StageFile) -> None:
    if stage.after_build and stage.kind != "pre-test":
        raise _refusal(path, None, f"after_build is for pre-test stages, and this one is of kind {stage.kind}.")
    if stage.kind != "batch" and (stage.before or stage.after or stage.runs_after_failure):
        raise _refusal(
            path, None, f"before, after and runs_after_failure are for batch stages; this one is {stage.kind}."
        )
    if stage.before and stage.after:
        raise _refusal(path, None, "it has both before and after; a stage has one position.")


def _returned_class(path: Path, tree: ast.Module, classes: dict[str, ast.ClassDef]) -> ast.ClassDef:
    """The class of which `get_stage` returns an instance."""
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "get_stage"]
    if not functions:
        raise _refusal(path, None, "it has no function get_stage(), which returns the stage.")
    calls = [node.value for node in ast.walk(functions[-1]) if isinstance(node, ast.Return)]
    names = [call.func.id for call in calls if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)]
    found = next((classes[name] for name in names if name in classes), None)
    if found is not None:
        return found
    raise _refusal(
        path,
        functions[-1].lineno,
        "get_stage() has to return an instance of a class of this file, as in `return MyStage()`: what the class says"
        " of itself is read without running the file.",
    )


def _attributes(
    path: Path, node: ast.ClassDef, classes: dict[str, ast.ClassDef]
) -> Iterator[tuple[str, tuple[object, int]]]:
    """The attributes that a class, or one it inherits from in this file, sets, with the line; its own ones last."""
    for base in reversed(node.bases):
        earlier = classes.get(base.id) if isinstance(base, ast.Name) else None
        if earlier is not None and earlier.lineno < node.lineno:
            yield from _attributes(path, earlier, classes)
    for statement in node.body:
        match statement:
            case ast.Assign(targets=targets, value=value):
                pass
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                targets = [target]
            case _:
                continue
        for name in (target.id for target in targets if isinstance(target, ast.Name) and target.id in ATTRIBUTES):
            try:
                yield name, (ast.literal_eval(value), statement.lineno)
            except (ValueError, TypeError):
                problem = f"{name} has to be written out: the file is read, not run."
                raise _refusal(path, statement.lineno, problem) from None


def _refusal(path: Path, line: int | None, problem: str) -> ErgitError:
    where = f"{path}, line {line}" if line else str(path)
    return ErgitError(f"modules_enabled: {where}: {problem} docs/stages.md shows how a stage is written.")
