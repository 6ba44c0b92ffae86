"""Rule files of the user's own, which the Snakefile includes after its own rules."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from ergit.errors import ErgitError


def rule_files(names: Iterable[str], study: Path) -> list[str]:
    """The whole paths of the files that `rules` names, as they are seen from the study's folder.

    Raises:
        ErgitError: one is not there.
    """
    paths = {name: study / name for name in names}
    for index, (name, path) in enumerate(paths.items()):
        if not path.is_file():
            raise ErgitError(
                f"config: rules[{index}] is {name!r}, and there is no such file in the study's folder, {study}. Put it"
                " there, or correct the name."
            )
    return [str(path) for path in paths.values()]


def refuse_replaced_names(before: Mapping[str, object], after: Mapping[str, object], file: str) -> None:
    """Does nothing where a rule file left the names of ergit's own rules as they were.

    All rule files share their names: a variable `settings` in one of them would be taken for the study's settings, and
    a handler such as `onstart:` would replace ergit's.

    Args:
        before: names and their values before the file was included.
        after: the same afterwards.
        file: the rule file.

    Raises:
        ErgitError: a name stands for something else now; names them.
    """
    changed = [name for name, value in before.items() if not name.startswith("_") and after.get(name) is not value]
    if changed:
        raise ErgitError(
            f"{file} gives {', '.join(changed)} another meaning, which ergit's own rules use too. Choose other names"
            " there; a handler (onstart, onsuccess, onerror) belongs into a workflow that uses ergit as a module."
        )
