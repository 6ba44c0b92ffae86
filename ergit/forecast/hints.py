"""What of a config runs, and is hardly what is meant."""

import re
from collections.abc import Iterator

TEST_RUNNER = re.compile(
    r"(?:^|[\s;&|(/])(?P<tool>mvnw?|mvnd|gradlew?)\s[^;&|\n]*?(?<=\s):?"
    r"(?P<task>test|verify|check|integration-test|[\w:.-]+:test)(?=[\s;&|)]|$)"
)


def hints(command: str) -> Iterator[str]:
    """A phrase for each thing that the command of a workload may not mean."""
    found = TEST_RUNNER.search(command)
    if found:
        yield (
            f"`{found['tool']} … {found['task']}` measures the build tool too, and hides most of a change:"
            " docs/workload.md shows how to run the tests alone"
        )
