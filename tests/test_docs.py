"""The documentation: what it points to is there, and what it shows works."""

import re
from pathlib import Path

import pytest
import yaml

from ergit.cli import COMMANDS
from ergit.config.keys import keys
from ergit.config.reading import read_config
from ergit.records.changes import COLUMNS as CHANGES
from ergit.records.commits import COLUMNS as COMMITS
from ergit.records.energy_table import COLUMNS as READINGS
from ergit.records.failures import COLUMNS as FAILURES
from ergit.records.test_table import COLUMNS as TESTS

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("config/*.md"), *ROOT.glob("demo/*.md")])
KEYS = [key.path for key in keys()]
PARTS = sorted({path.partition(".")[0] for path in KEYS})


def text_of(page: Path) -> str:
    """The text of a page; of the changelog what is new, since what is old names what was there then."""
    text = page.read_text(encoding="utf-8")
    return text.partition("\n## 0.1.0")[0] if page.name == "CHANGELOG.md" else text


def code_of(page: Path) -> list[str]:
    """What a page sets in code: in backticks, in fences or indented."""
    text = text_of(page)
    fences = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^```\w*\n.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [*fences, *re.findall(r"`([^`]+)`", rest), *re.findall(r"^ {4}(.+)$", rest, re.MULTILINE)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    targets = re.findall(r"\]\((?!\w+://)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_percentages_are_written_as_the_program_writes_them(page: Path) -> None:
    assert re.findall(r"\d %(?!\w)", text_of(page)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_program_that_is_named_is_there(page: Path) -> None:
    modules = re.findall(r"-m ((?:ergit|scripts|tests|benchmarks)[\w.]+)", text_of(page))
    assert [module for module in modules if not (ROOT / module.replace(".", "/")).with_suffix(".py").exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_named_is_there(page: Path) -> None:
    called = {name for code in code_of(page) for name in re.findall(r"(?:^|/|-v )ergit\)? ([a-z][\w-]*)", code, re.M)}
    assert called - {command.name for command in COMMANDS} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_key_of_the_config_that_is_named_is_there(page: Path) -> None:
    pattern = rf"(?:{'|'.join(PARTS)})(?:\.[a-z_]+)+"
    named = {code for code in code_of(page) if re.fullmatch(pattern, code)}
    old = set(re.findall(r"^\| `([\w.]+)` +\| `[\w.]+` +\|$", text_of(page), re.MULTILINE))  # the table of renamed keys
    files = {
        name
        for name in named
        if name.rpartition(".")[2] in {"json", "tsv", "csv", "md", "py", "smk", "xml", "gradle", "kts"}
    }
    assert named - set(KEYS) - old - files == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_whole_config_that_is_shown_is_accepted(page: Path) -> None:
    for block in re.findall(r"^```yaml\n(.*?)^```", text_of(page), re.MULTILINE | re.DOTALL):
        content = yaml.safe_load(block)
        if isinstance(content, dict) and {"repository", "commits"} <= set(content):
            read_config(content)


def test_every_column_of_the_tables_is_explained() -> None:
    text = (ROOT / "docs/table.md").read_text(encoding="utf-8")
    assert [name for name in (*READINGS, *COMMITS, *CHANGES, *FAILURES, *TESTS) if f"`{name}`" not in text] == []
