"""Fingerprints: what two readings or builds must have in common."""

import json
from typing import Any

import pytest

from ergit.config.fingerprint import (
    build_fingerprint,
    fingerprints_of_records,
    mirror_fingerprint,
    reading_fingerprint,
    selection_fingerprint,
    selection_of,
)
from ergit.config.reading import read_config
from ergit.config.settings import Exclusion, Fingerprints, Selection, Settings


def study(**parts: Any) -> Settings:
    """The settings of a small study with these parts."""
    return read_config({"repository": {"url": "demo"}, "commits": ["main"], "workload": {"command": "true"}} | parts)


@pytest.mark.parametrize(
    "part",
    [
        {"measure": {"rounds": 9}},
        {"measure": {"seed": 5}},
        {"measure": {"retries": 0}},
        {"workload": {"command": "true", "timeout_seconds": 5}},
        {"build": {"timeout_seconds": 5}},
        {"java": {"search": ["/opt/jdks"]}},
    ],
)
def test_more_rounds_or_a_longer_timeout_leave_the_fingerprint_of_a_reading(part: dict[str, Any]) -> None:
    assert reading_fingerprint(study(**part)) == reading_fingerprint(study())


@pytest.mark.parametrize(
    "part",
    [
        {"workload": {"command": "false"}},
        {"workload": {"command": "true", "environment": {"A": "1"}}},
        {"measure": {"source": "perf"}},
        {"measure": {"watts_per_core": 5}},
        {"build": {"commands": ["make"]}},
        {"build": {"dependencies": ["maven"]}},
        {"java": None},
        {"repository": {"url": "demo", "lfs": True}},
    ],
)
def test_another_command_source_or_build_changes_the_fingerprint_of_a_reading(part: dict[str, Any]) -> None:
    assert reading_fingerprint(study(**part)) != reading_fingerprint(study())


def test_a_sandbox_builds_and_measures_again_and_what_it_holds_does_too() -> None:
    texts = [
        fingerprint(study(sandbox=sandbox))
        for fingerprint in (reading_fingerprint, build_fingerprint)
        for sandbox in (
            {},
            {"enabled": True},
            {"enabled": True, "network": "never"},
            {"enabled": True, "read": ["/data"]},
        )
    ]
    assert len(set(texts)) == len(texts)


def test_the_keys_of_a_sandbox_that_is_off_change_nothing() -> None:
    given = study(sandbox={"network": "never", "read": ["/data"]})
    assert reading_fingerprint(given) == reading_fingerprint(study())


def test_the_workload_leaves_the_fingerprint_of_a_build() -> None:
    assert build_fingerprint(study(workload={"command": "false"})) == build_fingerprint(study())


def test_the_fingerprints_at_the_defaults_are_those_of_every_study_so_far() -> None:
    assert json.loads(reading_fingerprint(study())) == {
        "build": build_fingerprint(study()),
        "workload": {"command": "true", "directory": ".", "prepare": None, "cleanup": None, "environment": {}},
        "measure": {"source": "auto", "powercap": None, "watts_per_core": 10.0},
    }
    assert build_fingerprint(study()) == (
        '{"build": {"commands": [], "directory": ".", "environment": {}, "keep": ["."]},'
        ' "java": {"release": null, "directory": "."}, "repository": {"submodules": false, "lfs": false}}'
    )


def test_records_hold_another_fingerprint_where_the_config_asks_for_other_jdks_builds_tests_or_readings() -> None:
    def differing(**parts: Any) -> list[str]:
        old, new = fingerprints_of_records(study()), fingerprints_of_records(study(**parts))
        return [name for name in Fingerprints.__struct_fields__ if getattr(old, name) != getattr(new, name)]

    command = {"command": "true"}
    assert differing(measure={"rounds": 7, "seed": 3}, plan={"batch": 5}) == []
    assert differing(java={"policy": "one"}) == ["java"]
    assert differing(java={"release": 17}) == ["java", "build", "tests", "readings"]
    assert differing(java=None) == ["java", "build", "tests", "readings"]
    assert differing(workload={"command": "other"}) == ["tests", "readings"]
    assert differing(workload=command | {"reports": "auto"}) == ["tests"]


def test_a_number_is_in_the_fingerprint_as_it_was_written() -> None:
    texts = [reading_fingerprint(study(measure={"watts_per_core": value})) for value in (10, 10.0)]
    assert ['"watts_per_core": 10}' in texts[0], '"watts_per_core": 10.0}' in texts[1]] == [True, True]


def test_the_fingerprint_of_the_mirror_has_no_password() -> None:
    url = "https://me:secret@example.org/x.git"
    assert "secret" not in mirror_fingerprint(study(repository={"url": url}))


def test_the_fingerprint_of_a_selection_is_the_list_or_all_filters_those_written_first() -> None:
    assert selection_fingerprint(study(commits=["a", "b..c"]), ["a", "b..c"]) == ["a", "b..c"]
    filters = {"newest": 3, "granularity": "tags"}
    assert list(selection_fingerprint(study(commits=filters), filters))[:3] == ["newest", "granularity", "every"]


def test_the_fingerprint_of_filters_has_the_keys_of_0_1_0_and_those_that_are_set() -> None:
    old = ["granularity", "newest", "every", "oldest_commit", "newest_commit", "paths", "extensions"]
    old += ["ignored_directories", "neighbours_before", "neighbours_after"]
    filters: dict[str, object] = {"newest": 3, "since": None}
    assert sorted(selection_fingerprint(study(commits=filters), filters)) == sorted(old)
    filters = {"newest": 3, "since": "2024"}
    assert sorted(selection_fingerprint(study(commits=filters), filters)) == sorted([*old, "since"])


@pytest.mark.parametrize("commits", [["a", "b..c"], {"newest": 3, "per": "month"}])
@pytest.mark.parametrize("exclude", [[], [{"commits": "a..b", "reason": "broken"}]])
def test_a_selection_is_read_back_from_its_fingerprint(commits: Any, exclude: list[Any]) -> None:
    settings = study(commits=commits, exclude=exclude)
    fingerprint = selection_fingerprint(settings, commits)
    assert selection_of(fingerprint) == Selection(commits=settings.commits, exclude=settings.exclude)
    assert settings.exclude == tuple(Exclusion(**block) for block in exclude)
