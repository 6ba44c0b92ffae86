"""The content of a stage's file belongs to the fingerprint of what the stage can change."""

from typing import Any

import pytest

from ergit.config.fingerprint import build_fingerprint, reading_fingerprint
from ergit.config.reading import read_config
from ergit.config.settings import StageFile

STUDY = read_config({"repository": {"url": "demo"}, "commits": ["main"], "workload": {"command": "true"}})


def stage(name: str, kind: Any, content: str) -> StageFile:
    """A stage as it was found."""
    return StageFile(name=name, path=f"/{name}.py", sha256=content, kind=kind)


@pytest.mark.parametrize(
    ("kind", "build_changes", "reading_changes"),
    [("pre", False, False), ("pre-test", True, True), ("batch", False, True)],
)
def test_each_kind_enters_what_it_can_change(kind: str, build_changes: bool, reading_changes: bool) -> None:
    texts = [(), (stage("a", kind, "1"),), (stage("a", kind, "2"),)]
    assert len({build_fingerprint(STUDY, None, stages) for stages in texts}) == (3 if build_changes else 1)
    assert len({reading_fingerprint(STUDY, None, stages) for stages in texts}) == (3 if reading_changes else 1)


def test_the_order_of_stages_of_one_kind_counts_and_their_names_do_not() -> None:
    one, two = stage("a", "batch", "1"), stage("b", "batch", "2")
    assert reading_fingerprint(STUDY, None, (one, two)) != reading_fingerprint(STUDY, None, (two, one))
    assert reading_fingerprint(STUDY, None, (one,)) == reading_fingerprint(STUDY, None, (stage("c", "batch", "1"),))
