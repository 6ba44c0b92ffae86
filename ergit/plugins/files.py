"""The files of `modules_enabled`: where they are, and what their classes say of themselves.

A file is read, not run: `snakemake -n` starts no code of the study, and a file that does something when it is loaded does
it in the process of its stage alone. So the attributes of its class have to be written out in the class.
"""

import ast
import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

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
    places = [study / name, study / FOLDER / name, SHIPPED / name]  # an absolute name is its own place
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        looked = " and ".join(dict.fromkeys(str(place.absolute()) for place in places))
        raise ErgitError(
            f"modules_enabled: there is no stage {name!r}: neither {looked} is a file. Correct the name, or make one with"
            " `ergit new-stage`."
        )
    return found.absolute()


def read_stage(path: Path) -> StageFile:
    """What a file says of its stage, read without running it.

    Raises:
        ErgitError: it cannot be read, is no Python, or is no stage; names the line.
    """
    if path.suffix != ".py" or not NAME.fullmatch(path.stem) or path.stem in RESERVED:
        raise ErgitError(
            f"modules_enabled: {path.name!r} is no name of a stage. It ends in `.py`; before that stand letters, digits,"
            f" `_` and `-`, and not the word {' or '.join(RESERVED)}."
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ErgitError(f"modules_enabled: {path} cannot be read: {error.strerror}.") from None
    try:
        tree = ast.parse(content, filename=str(path))
    except SyntaxError as error:
        _refuse(path, error.lineno, f"{error.msg}.")
    except ValueError as error:  # a zero byte
        _refuse(path, None, f"{error}.")
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    said = dict(_attributes(path, _returned_class(path, tree, classes), classes))
    facts = {"name": path.stem, "path": str(path), "sha256": hashlib.sha256(content).hexdigest()}
    for name, (value, line) in said.items():
        try:
            msgspec.convert({**facts, name: value}, StageFile)
        except msgspec.ValidationError as error:
            _refuse(path, line, f"{name} is {value!r}. {error}.")
    stage = msgspec.convert({**facts, **{name: value for name, (value, _) in said.items()}}, StageFile)
    _refuse_contradictions(path, stage)
    return stage


def _refuse_contradictions(path: Path, stage: StageFile) -> None:
    if stage.after_build and stage.kind != "pre-test":
        _refuse(path, None, f"after_build is for pre-test stages, and this one is of kind {stage.kind}.")
    if stage.kind != "batch" and (stage.before or stage.after or stage.runs_after_failure):
        _refuse(path, None, f"before, after and runs_after_failure are for batch stages; this one is {stage.kind}.")
    if stage.before and stage.after:
        _refuse(path, None, "it has both before and after; a stage has one position.")


def _returned_class(path: Path, tree: ast.Module, classes: dict[str, ast.ClassDef]) -> ast.ClassDef:
    """The class of which `get_stage` returns an instance."""
    function = next(
        (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "get_stage"), None
    )
    if function is None:
        _refuse(path, None, "it has no function get_stage(), which returns the stage.")
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name):
            found = classes.get(node.value.func.id)
            if found is not None:
                return found
    _refuse(
        path,
        function.lineno,
        "get_stage() has to return an instance of a class of this file, as in `return MyStage()`: what the class says of"
        " itself is read without running the file.",
    )


def _attributes(
    path: Path, node: ast.ClassDef, classes: dict[str, ast.ClassDef]
) -> Iterator[tuple[str, tuple[object, int]]]:
    """The attributes that a class, or one it inherits from in this file, sets, with the line; its own ones last."""
    for base in reversed(node.bases):
        if isinstance(base, ast.Name) and base.id in classes and base.id != node.name:
            yield from _attributes(path, classes[base.id], classes)
    for statement in node.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.AnnAssign) and statement.value is not None:
            targets = [statement.target]
        for target in targets:
            if isinstance(target, ast.Name) and target.id in ATTRIBUTES:
                assert isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None
                try:
                    yield target.id, (ast.literal_eval(statement.value), statement.lineno)
                except (ValueError, TypeError):
                    _refuse(path, statement.lineno, f"{target.id} has to be written out: the file is read, not run.")


def _refuse(path: Path, line: int | None, problem: str) -> NoReturn:
    where = f"{path}, line {line}" if line else str(path)
    raise ErgitError(f"modules_enabled: {where}: {problem} docs/stages.md shows how a stage is written.")
