"""Prints how much of a window is the test itself, for three ways to run it, in CPU seconds.

python -m benchmarks.runners [MILLISECONDS] [TIMES]

It makes a Maven project with one test that computes for about so many milliseconds. Each way runs it that often, and as
often with the test 1.5 times slower; medians are printed. It needs Maven, a JDK and, the first time, the network.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fakes.maven_project import POM

TEST = """package org.example;
import org.junit.jupiter.api.Test;
class WordsTest {
  @Test void computes() {
    double factor = Double.parseDouble(System.getenv("FACTOR"));
    long rounds = (long) (factor * Long.parseLong(System.getenv("ROUNDS")));
    double sum = 0;
    for (long i = 1; i < rounds; i++) { sum += Math.sqrt(i); }
    if (sum < 0) { throw new IllegalStateException(); }
  }
}
"""
LAUNCHER = "junit-platform-console-standalone"
VERSION = "1.13.4"
ROUNDS_IN_A_MILLISECOND = 300_000
WAYS = {
    "mvn test": ["mvn", "-o", "-q", "-B", "test"],
    "mvn surefire:test": ["mvn", "-o", "-q", "-B", "surefire:test"],
    "console launcher": [
        *("java", "-jar", f"tools/{LAUNCHER}-{VERSION}.jar", "execute", "--disable-banner", "--details", "none"),
        *("--class-path", "target/test-classes", "--scan-classpath", "target/test-classes"),
    ],
}


def cpu_seconds(command: list[str], tree: Path, milliseconds: int, factor: float) -> float:
    """The CPU time of one run of the command and all that it starts.

    Raises:
        CalledProcessError: it failed.
    """
    variables = {"FACTOR": str(factor), "ROUNDS": str(milliseconds * ROUNDS_IN_A_MILLISECOND)}
    process = subprocess.Popen(command, cwd=tree, env=os.environ | variables, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Prints one line a way."""
    milliseconds, times = (
        int(sys.argv[number]) if len(sys.argv) > number else default for number, default in ((1, 100), (2, 5))
    )
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        (tree / "src/test/java/org/example").mkdir(parents=True)
        (tree / "pom.xml").write_text(POM)
        (tree / "src/test/java/org/example/WordsTest.java").write_text(TEST)
        copy = f"-Dartifact=org.junit.platform:{LAUNCHER}:{VERSION}"
        subprocess.run(
            ["mvn", "-q", "-B", "test", "dependency:copy", copy, "-DoutputDirectory=tools"],
            cwd=tree,
            env=os.environ | {"FACTOR": "1", "ROUNDS": "1"},
            check=True,
        )
        print(f"{'way':18} {'CPU s':>8} {'1.5 x slower':>13} {'change':>8}")
        for way, command in WAYS.items():
            pairs = [[cpu_seconds(command, tree, milliseconds, factor) for factor in (1.0, 1.5)] for _ in range(times)]
            before, after = (statistics.median(values) for values in zip(*pairs, strict=True))
            print(f"{way:18} {before:8.2f} {after:13.2f} {after / before - 1:+8.1%}", flush=True)


if __name__ == "__main__":
    main()
