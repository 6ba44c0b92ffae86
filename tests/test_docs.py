"""The documentation: what it points to is there."""

import re
from pathlib import Path

import pytest

from ergit.analysis.changes import COLUMNS as CHANGES
from ergit.git.selection import COLUMNS as COMMITS
from ergit.measuring.table import COLUMNS as READINGS

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("config/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    targets = re.findall(r"\]\((?!\w+://)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_program_that_is_named_is_there(page: Path) -> None:
    modules = re.findall(r"-m ((?:scripts|tests)\.\w+)", page.read_text(encoding="utf-8"))
    assert [module for module in modules if not (ROOT / module.replace(".", "/")).with_suffix(".py").exists()] == []


def test_every_column_of_the_tables_is_explained() -> None:
    text = (ROOT / "docs/table.md").read_text(encoding="utf-8")
    assert [name for name in (*READINGS, *COMMITS, *CHANGES) if f"`{name}`" not in text] == []
