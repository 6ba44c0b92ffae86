"""The keys of a workload that is held fixed and told by reports: what fits together, and what enters fingerprints."""

import json
from typing import Any

import pytest

from ergit.config.fingerprint import build_fingerprint, reading_fingerprint
from ergit.config.reading import read_config
from ergit.config.settings import Settings
from ergit.errors import ErgitError


def settings(**workload: Any) -> Settings:
    """A study with these keys of its workload."""
    return read_config({"repository": {"url": "."}, "commits": ["main"], "workload": {"command": "true", **workload}})


@pytest.mark.parametrize(
    ("workload", "words"),
    [
        ({"from": "v1"}, "workload.from is 'v1', and workload.paths is empty. List what is taken from that commit"),
        ({"paths": ["src/test"]}, "workload.paths has entries, and no workload.from says of which commit they are"),
        ({"from": "v1", "paths": ["."]}, "workload.paths has '.'. Write a path below the tree"),
        ({"from": "v1", "paths": ["a/../../b"]}, "workload.paths has 'a/../../b'. Write a path below the tree"),
        ({"reports": ["/tmp/*.xml"]}, "workload.reports has '/tmp/*.xml'. Write a path below the tree"),
        ({"tests": "common"}, "workload.tests is common, and workload.reports is empty"),
        ({"reports": "surefire"}, "workload.reports is the text 'surefire'; it must be auto, or a list of texts."),
        ({"form": "v1"}, "Unknown key 'form' in workload. Did you mean 'from'?"),
    ],
)
def test_keys_that_do_not_fit_together_are_named(workload: dict[str, Any], words: str) -> None:
    with pytest.raises(ErgitError) as raised:
        settings(**workload)
    assert words in str(raised.value)


def test_the_fingerprints_of_a_plain_study_have_none_of_the_new_keys() -> None:
    found = json.loads(reading_fingerprint(settings()))
    assert set(found["workload"]) == {"command", "directory", "prepare", "cleanup", "environment"}
    assert set(json.loads(found["build"])) == {"build", "java", "repository"}


def test_reports_alone_measure_nothing_again() -> None:
    assert reading_fingerprint(settings(reports="auto")) == reading_fingerprint(settings())


def test_a_fixed_workload_is_part_of_each_build_by_its_paths_and_common_tests_of_each_reading() -> None:
    fixed = settings(**{"from": "v1", "paths": ["src/test"]})
    assert json.loads(build_fingerprint(fixed))["workload"] == {"paths": ["src/test"]}
    common = settings(reports="auto", tests="common")
    assert json.loads(reading_fingerprint(common))["workload"]["tests"] == "common"
    assert build_fingerprint(common) == build_fingerprint(settings())
