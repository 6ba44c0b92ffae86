"""The line of a log that says why a command failed; the logs are what the tools print."""

import time
from pathlib import Path

import pytest

from ergit.building.reasons import line_of, normalised, shortened_commands, with_line

TREE = Path("/tmp/ergit-0/01234567/89abcde")

MAVEN_END = """\
[ERROR] -> [Help 1]
[ERROR] 
[ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch.
[ERROR] For more information about the errors and possible solutions, please read the following articles:
[ERROR] [Help 1] http://cwiki.apache.org/confluence/display/MAVEN/MojoFailureException
\x1b[0m\x1b[0m
"""  # noqa: W291

LOGS = {
    "Maven, a rule of its enforcer": (
        f"""\
[ERROR] Failed to execute goal org.apache.maven.plugins:maven-enforcer-plugin:3.6.2:enforce (enforce-maven-version) on \
project a: 
[ERROR] Rule 0: org.apache.maven.enforcer.rules.version.RequireMavenVersion failed with message:
[ERROR] Detected Maven Version: 3.8.7 is not in the allowed range [3.9,).
{MAVEN_END}""",  # noqa: W291
        "Rule 0: org.apache.maven.enforcer.rules.version.RequireMavenVersion failed with message: Detected Maven"
        " Version: 3.8.7 is not in the allowed range [3.9,)",
    ),
    "Maven, a toolchain": (
        f"""\
[ERROR] No toolchain found for type paths
[ERROR] Cannot find matching toolchain definitions for the following toolchain types:
paths [ id='java' ]
[ERROR] Failed to execute goal org.apache.maven.plugins:maven-toolchains-plugin:1.1:toolchain (default) on project a: \
Cannot find matching toolchain definitions for the following toolchain types:
[ERROR] paths [ id='java' ]
[ERROR] Please make sure you define the required toolchains in your ~/.m2/toolchains.xml file.
{MAVEN_END}""",
        "Cannot find matching toolchain definitions for the following toolchain types: paths [ id='java' ]",
    ),
    "javac": (
        """\
warning: [options] bootstrap class path not set in conjunction with -source 8
src/A.java:1: error: package com.gone does not exist
import com.gone.Thing;
               ^
src/A.java:2: error: cannot find symbol
public class A { Thing t; }
                 ^
  symbol:   class Thing
  location: class A
2 errors
""",
        "src/A.java:1: error: package com.gone does not exist",
    ),
    "javac, a symbol": (
        """\
A.java:2: error: cannot find symbol
public class A { Thing t; }
                 ^
  symbol:   class Thing
  location: class A
1 error
""",
        "A.java:2: error: cannot find symbol: class Thing",
    ),
    "javac, source release": (
        """\
warning: [options] bootstrap class path not set in conjunction with -source 5
error: Source option 5 is no longer supported. Use 7 or later.
""",
        "Source option 5 is no longer supported. Use 7 or later",
    ),
    "javac, class file": (
        """\
C.java:1: error: cannot access B
public class C extends B { }
                       ^
  bad class file: lib25/B.class
    class file has wrong version 69.0, should be 61.0
    Please remove or make sure it appears in the correct subdirectory of the classpath.
1 error
""",
        "class file has wrong version 69.0, should be 61.0",
    ),
    "java": (
        """\
Error: LinkageError occurred while loading main class D
	java.lang.UnsupportedClassVersionError: D has been compiled by a more recent version of the Java Runtime (class \
file version 69.0), this version of the Java Runtime only recognizes class file versions up to 61.0
""",
        "UnsupportedClassVersionError: D has been compiled by a more recent version of the Java Runtime (class file"
        " version 69.0)",
    ),
    "java, an exception": (
        """\
Exception in thread "main" java.lang.UnsupportedOperationException: Setting a Security Manager is not supported
	at java.base/java.lang.System.setSecurityManager(System.java:304)
	at H.main(H.java:1)
""",
        "java.lang.UnsupportedOperationException: Setting a Security Manager is not supported",
    ),
    "Maven, a compile error": (
        f"""\
[INFO] Downloading from central: https://repo.example/org/codehaus/plexus/plexus-utils-1.0.jar
[INFO] Compiling 1 source file to {TREE}/target/classes
[INFO] -------------------------------------------------------------
[ERROR] COMPILATION ERROR : 
[INFO] -------------------------------------------------------------
[WARNING] {TREE}/src/main/java/B.java:[9,1] something is deprecated
[ERROR] {TREE}/src/main/java/A.java:[2,18] cannot find symbol
  symbol:   class Thing
  location: class A
[INFO] 1 error
[ERROR] Failed to execute goal org.apache.maven.plugins:maven-compiler-plugin:3.1:compile (default-compile) on project \
a: Compilation failure: Compilation failure: 
[ERROR] {TREE}/src/main/java/A.java:[2,18] cannot find symbol
{MAVEN_END}""",  # noqa: W291
        "src/main/java/A.java:2: error: cannot find symbol: class Thing",
    ),
    "Maven, a release": (
        "[ERROR] Failed to execute goal org.apache.maven.plugins:maven-compiler-plugin:3.8.1:compile (default-compile)"
        " on project a: Fatal error compiling: error: release version 6 not supported -> [Help 1]\n" + MAVEN_END,
        "release version 6 not supported",
    ),
    "Maven, the enforcer": (
        """\
[WARNING] Rule 0: org.apache.maven.plugins.enforcer.RequireJavaVersion failed with message:
Detected JDK Version: 17.0.15 is not in the allowed range [1.8,9).
[ERROR] Failed to execute goal org.apache.maven.plugins:maven-enforcer-plugin:3.0.0:enforce (default) on project a: \
Some Enforcer rules have failed. Look above for specific messages explaining why the rule failed. -> [Help 1]
""",
        "Detected JDK Version: 17.0.15 is not in the allowed range [1.8,9)",
    ),
    "Maven, no such artifact": (
        """\
[WARNING] The POM for org.gone:gone:jar:1.0 is missing, no dependency information available
[ERROR] Failed to execute goal on project a: Could not resolve dependencies for project g:a:jar:1-SNAPSHOT: Could not \
find artifact org.gone:gone:jar:1.0 in central (https://repo.maven.apache.org/maven2) -> [Help 1]
""",
        "Could not find artifact org.gone:gone:jar:1.0 in central (https://repo.maven.apache.org/maven2)",
    ),
    "Maven, a snapshot": (
        "[ERROR] Failed to execute goal on project a: Could not resolve dependencies for project g:a:jar:1-SNAPSHOT:"
        " Could not find artifact junit:junit:jar:5.99-SNAPSHOT -> [Help 1]\n",
        "Could not find artifact junit:junit:jar:5.99-SNAPSHOT",
    ),
    "Maven, a dead repository": (
        "[ERROR] Failed to execute goal on project a: Could not resolve dependencies for project g:a:jar:1-SNAPSHOT:"
        " Failed to collect dependencies at org.gone:gone2:jar:1.0: Failed to read artifact descriptor for"
        " org.gone:gone2:jar:1.0: Could not transfer artifact org.gone:gone2:pom:1.0 from/to old"
        " (https://old.example.invalid/maven): transfer failed for"
        " https://old.example.invalid/maven/org/gone/gone2/1.0/gone2-1.0.pom: Unknown host old.example.invalid: Name or"
        " service not known -> [Help 1]\n",
        "Could not transfer artifact org.gone:gone2:pom:1.0 from/to old (https://old.example.invalid/maven): Unknown"
        " host old.example.invalid: Name or service not known",
    ),
    "Maven, a repository without TLS": (
        "[ERROR] Failed to execute goal on project a: Could not resolve dependencies for project g:a:jar:1-SNAPSHOT:"
        " Failed to collect dependencies at org.gone:gone:jar:1.0: Failed to read artifact descriptor for"
        " org.gone:gone:jar:1.0: Could not transfer artifact org.gone:gone:pom:1.0 from/to maven-default-http-blocker"
        " (http://0.0.0.0/): Blocked mirror for repositories: [old (http://old.example.invalid/maven, default,"
        " releases+snapshots)] -> [Help 1]\n",
        "Blocked mirror for repositories: [old (http://old.example.invalid/maven, default, releases+snapshots)]",
    ),
    "Maven, the parent": (
        """\
[ERROR] [ERROR] Some problems were encountered while processing the POMs:
[FATAL] Non-resolvable parent POM for g:a:1-SNAPSHOT: Could not find artifact org.gone:parent:pom:3-SNAPSHOT and \
'parent.relativePath' points at wrong local POM @ line 3, column 9
 @ 
[ERROR] The build could not read 1 project -> [Help 1]
""",  # noqa: W291
        "Could not find artifact org.gone:parent:pom:3-SNAPSHOT",
    ),
    "Maven, no pom": (
        "[ERROR] The goal you specified requires a project to execute but there is no POM in this directory"
        f" ({TREE}). Please verify you invoked Maven from the correct directory. -> [Help 1]\n",
        "The goal you specified requires a project to execute but there is no POM in this directory (.). Please verify"
        " you invoked Maven from the correct directory",
    ),
    "Maven, offline": (
        "[ERROR] Failed to execute goal on project a: Could not resolve dependencies for project g:a:jar:1: Cannot"
        " access central (https://repo.example/maven2) in offline mode and the artifact org.gone:gone:jar:1.0 has not"
        " been downloaded from it before. -> [Help 1]\n",
        "Cannot access central (https://repo.example/maven2) in offline mode and the artifact org.gone:gone:jar:1.0 has"
        " not been downloaded from it before",
    ),
    "Surefire": (
        """\
Running ATest
Tests run: 2, Failures: 1, Errors: 1, Skipped: 0, Time elapsed: 0.243 sec <<< FAILURE!
x(ATest)  Time elapsed: 0.055 sec  <<< FAILURE!
java.lang.AssertionError: expected:<2> but was:<1>
	at org.junit.Assert.fail(Assert.java:89)

Results :

Tests run: 2, Failures: 1, Errors: 1, Skipped: 0

[ERROR] Failed to execute goal org.apache.maven.plugins:maven-surefire-plugin:2.12.4:test (default-test) on project a: \
There are test failures.
""",
        "Tests run: 2, Failures: 1, Errors: 1; first x(ATest): java.lang.AssertionError: expected:<2> but was:<1>",
    ),
    "Ant": (
        f"""\
Buildfile: {TREE}/build.xml

c:
    [javac] Compiling 1 source file to {TREE}/o
    [javac] {TREE}/src/A.java:1: error: incompatible types: String cannot be converted to int
    [javac] public class A {{ int x = "a"; }}

BUILD FAILED
""",
        "src/A.java:1: error: incompatible types: String cannot be converted to int",
    ),
    "Gradle, a compile error": (
        f"""\
:compileJava{TREE}/src/main/java/A.java:1: error: incompatible types: String cannot be converted to int
 FAILED

FAILURE: Build failed with an exception.

* What went wrong:
Execution failed for task ':compileJava'.
> Compilation failed; see the compiler error output for details.
""",
        "src/main/java/A.java:1: error: incompatible types: String cannot be converted to int",
    ),
    "Gradle, a dependency": (
        """\
* What went wrong:
Could not resolve all files for configuration ':compileClasspath'.
> Could not resolve org.gone:gone:1.
  Required by:
      project :
   > No cached version of org.gone:gone:1 available for offline mode.

* Try:
Run with --stacktrace option to get the stack trace.
""",
        "No cached version of org.gone:gone:1 available for offline mode",
    ),
    "Gradle, a task": (
        "FAILURE: Build failed with an exception.\n\n* What went wrong:\nTask 'x' not found in root project 'gr'.\n",
        "Task 'x' not found in root project 'gr'",
    ),
    "gcc": (
        "b.c: In function ‘main’:\nb.c:1:25: error: ‘x’ undeclared (first use in this function)\n"
        "make: *** [Makefile:3: b] Error 1\n",
        "b.c:1: error: ‘x’ undeclared (first use in this function)",
    ),
    "gcc, a header": (
        "a.c:1:10: fatal error: gone.h: No such file or directory\ncompilation terminated.\n",
        "a.c:1: error: gone.h: No such file or directory",
    ),
    "ld": (
        "/usr/bin/ld: /tmp/ccRDazBF.o: in function `main':\nd.c:(.text+0x5): undefined reference to `f'\n"
        "collect2: error: ld returned 1 exit status\n",
        "undefined reference to `f'",
    ),
    "make": ("make: *** No rule to make target 'x'.  Stop.\n", "No rule to make target 'x'. Stop"),
    "rustc": (
        "   Compiling x v0.1.0\nerror[E0308]: mismatched types\n --> src/main.rs:1:26\n  |\n"
        'error: could not compile `x` (bin "x") due to 1 previous error\n',
        "src/main.rs:1: error[E0308]: mismatched types",
    ),
    "cargo, a dependency": (
        "error: no matching package named `gone` found\nlocation searched: crates.io index\n",
        "error: no matching package named `gone` found",
    ),
    "go": ("# x\n./main.go:3:15: declared and not used: y\n", "main.go:3: error: declared and not used: y"),
    "go test": ("--- FAIL: TestA (0.00s)\n    a_test.go:5: no\nFAIL\nFAIL\tx\t0.002s\n", "--- FAIL: TestA"),
    "tsc": (
        "a.ts(1,7): error TS2322: Type 'string' is not assignable to type 'number'.\n",
        "a.ts:1: error: TS2322: Type 'string' is not assignable to type 'number'",
    ),
    "npm": (
        "npm error code E404\nnpm error 404 Not Found - GET https://registry.example/gone\nnpm error 404\n",
        "404 Not Found - GET https://registry.example/gone",
    ),
    "Python": (
        'Traceback (most recent call last):\n  File "/x/a.py", line 1, in <module>\n    import gone\n'
        "ModuleNotFoundError: No module named 'gone'\n",
        "ModuleNotFoundError: No module named 'gone'",
    ),
    "pytest": (
        "E       assert 1 == 2\n\ntest_a.py:2: AssertionError\n=== short test summary info ===\n"
        "FAILED test_a.py::test_x - assert 1 == 2\n1 failed in 1.08s\n",
        "FAILED test_a.py::test_x - assert 1 == 2",
    ),
    "pip": (
        "ERROR: Could not find a version that satisfies the requirement requests==0.0.99 (from versions: 0.2.0)\n"
        "ERROR: No matching distribution found for requests==0.0.99\n",
        "Could not find a version that satisfies the requirement requests==0.0.99",
    ),
    "node": (
        "node:internal/modules/cjs/loader:1210\n  throw err;\n  ^\n\nError: Cannot find module 'gone'\nRequire:\n",
        "Error: Cannot find module 'gone'",
    ),
    "bash": ("bash: line 1: mvn: command not found\n", "mvn: command not found"),
    "dash": ("sh: 1: mvn: not found\n", "mvn: not found"),
    "a file of a script": (
        "bash: line 1: ./configure: No such file or directory\n",
        "./configure: No such file or directory",
    ),
    "a full disk": (
        "cp: error writing 'x': No space left on device\n",
        "cp: error writing 'x': No space left on device",
    ),
    "any other tool": ("starting\nthis compiler is too old\n", "this compiler is too old"),
    "nothing that says why": ("[INFO] BUILD\n------\n\n", None),
    "nothing": ("", None),
}


@pytest.mark.parametrize("tool", LOGS)
def test_the_line_that_says_why_is_found(tool: str) -> None:
    log, line = LOGS[tool]
    assert line_of(log, TREE) == line


def test_a_line_is_short_and_does_nothing_to_a_terminal() -> None:
    found = line_of(f"error: \x1b[31m{'x' * 300}\x07\n")
    assert found is not None
    assert len(found) == 160
    assert found.isprintable()


@pytest.mark.parametrize("text", ["\0" * 1_000_000, "a.b/c:" * 170_000, "at a.b.c(X.java:3) Failed\n" * 40_000])
def test_output_of_a_megabyte_is_read_in_seconds(text: str) -> None:
    began = time.process_time()
    line_of(text)
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    ("reason", "exit_code", "told"),
    [
        (None, 0, None),
        ("`make` took longer than 3 s", None, "`make` took longer than 3 s"),
        ("`make` ended with status 2", 2, "`make` ended with status 2: a.c:1: error: no"),
        (
            f"`mvn {'-Dx ' * 40}` ended with status 1",
            1,
            f"`mvn {'-Dx ' * 11}-…` ended with status 1: a.c:1: error: no",
        ),
    ],
)
def test_a_command_that_ended_by_itself_gets_its_line(
    reason: str | None, exit_code: int | None, told: str | None
) -> None:
    assert with_line(reason, exit_code, "a.c:1:3: error: no\n", TREE) == told


def test_commands_are_cut_and_their_ends_are_not() -> None:
    assert shortened_commands("`a b c d` ended with status 1", 5) == "`a b…` ended with status 1"


@pytest.mark.parametrize(
    ("one", "another"),
    [
        (
            "`m` ended: src/A.java:3: error: package x does not exist",
            "`m` ended: B.java:9: error: package x does not exist",
        ),
        (
            "Tests run: 2, Failures: 1, Errors: 0; first x(A): no",
            "Tests run: 9, Failures: 3, Errors: 1; first x(A): no",
        ),
        ("opens to unnamed module @69eee410", "opens to unnamed module @1b2c3d4e"),
        ("fatal: bad object 0123456789abcdef", "fatal: bad object fedcba9876543210"),
        ("a.go:3: error: x", "b.go:4: error: x"),
        ("cannot open /tmp/cc1.o", "cannot open /tmp/cc2.o"),
    ],
)
def test_equal_failures_have_one_reason(one: str, another: str) -> None:
    assert normalised(one) == normalised(another)


def test_other_failures_have_other_reasons() -> None:
    assert normalised("A.java:1: error: package x does not exist") != normalised(
        "A.java:1: error: package y does not exist"
    )
    assert normalised("Source option 5 is no longer supported") != normalised("Source option 6 is no longer supported")


def test_a_parent_pom_outside_of_the_tree_is_named_as_the_tree_sees_it() -> None:
    said = "[FATAL] Non-parseable POM {}/pom.xml: in epilog no text is allowed"
    lines = {line_of(said.format(f"/tmp/home/{number}"), Path(f"/tmp/home/{number}/tree")) for number in (1, 2)}
    assert lines == {"Non-parseable POM ../pom.xml: in epilog no text is allowed"}
