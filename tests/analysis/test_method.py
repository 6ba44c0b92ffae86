"""docs/method.md and the constants of the code, read against each other."""

import ast
import re
from pathlib import Path

import pytest

from benchmarks.calibration import CALIBRATED, MODULES, changed

ROOT = Path(__file__).parents[2]
KINDS = {"convention", "derivation", "calibration"}


def constants_of_the_code() -> dict[str, object]:
    """The value of each constant of the analysis, by the name of its module and its own."""
    found: dict[str, object] = {}
    for path in sorted((ROOT / "ergit/analysis").rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper():
                code = compile(ast.Expression(node.value), str(path), "eval")
                found[f"{path.stem}.{node.targets[0].id}"] = eval(code, {"__builtins__": {}})
    return found


def lines_of_the_page() -> dict[str, tuple[object, str, str]]:
    """Value, kind and reason of each constant in the tables of docs/method.md."""
    text = (ROOT / "docs/method.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z_]+\.[A-Z_0-9]+)` \| (.+?) \| (\w+) \| (.+?) \|$", text, re.MULTILINE)
    return {name: (eval(value, {"__builtins__": {}}), kind, reason) for name, value, kind, reason in rows}


def test_every_constant_of_the_analysis_has_a_line_with_its_value_kind_and_reason() -> None:
    page = lines_of_the_page()
    assert {name: value for name, (value, _, _) in page.items()} == constants_of_the_code()
    assert {kind for _, kind, _ in page.values()} == KINDS
    assert all(len(reason) > 20 for _, _, reason in page.values())


def test_every_calibrated_constant_is_in_the_script_that_calibrates_and_no_other() -> None:
    page = lines_of_the_page()
    assert {name for name, (_, kind, _) in page.items() if kind == "calibration"} == set(CALIBRATED)
    code = constants_of_the_code()
    assert not [name for name, others in CALIBRATED.items() if code[name] in others]


@pytest.mark.parametrize("name", CALIBRATED)
def test_the_script_gives_a_constant_another_value_and_its_own_back(name: str) -> None:
    home, constant = name.split(".")
    module = next(module for module in MODULES if module.__name__.endswith(f".{home}"))
    before = getattr(module, constant)
    with changed(name, CALIBRATED[name][0]):
        assert getattr(module, constant) == CALIBRATED[name][0]
    assert getattr(module, constant) == before
