"""What of a config runs, and is hardly what is meant."""

import pytest

from ergit.forecast.hints import hints


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("mvn test", "`mvn … test`"),
        ("./mvnw -o -q -B surefire:test", "`mvnw … surefire:test`"),
        ("cd core && ./gradlew --offline :core:test", "`gradlew … core:test`"),
        ("mvn -q verify", "`mvn … verify`"),
    ],
)
def test_tests_that_a_build_tool_starts_are_hinted_at(command: str, named: str) -> None:
    (hint,) = hints(command)
    assert hint.startswith(f"{named} measures the build tool too")


@pytest.mark.parametrize(
    "command",
    [
        "java -jar tools/console.jar execute --scan-classpath target/test-classes",
        "make test",
        "pytest -q",
        "mvn -o exec:java",
        "mvn-stub test",
        "mvn -q compile; java -cp target/test-classes Bench",
    ],
)
def test_other_commands_are_not(command: str) -> None:
    assert list(hints(command)) == []
