"""What the log of a failed build says of its JDK."""

import pytest

from ergit.building.jdk_problems import hope_in_words, jdk_problem, may_cure
from ergit.records.build import JdkRange

OLDER = JdkRange(most=16)
UNNAMED = 'module java.base does not "opens java.lang" to unnamed module @69eee410'


@pytest.mark.parametrize(
    ("log", "used", "cure"),
    [
        ("error: Source option 5 is no longer supported. Use 7 or later.", 17, JdkRange(most=8)),
        ("[ERROR] Target option 7 is no longer supported. Use 8 or later.", 25, JdkRange(most=19)),
        ("error: release version 6 not supported", 17, JdkRange(most=11)),
        ("Fatal error compiling: error: invalid target release: 25 -> [Help 1]", 17, JdkRange(least=25)),
        ("javac: invalid source release: 1.9", 8, JdkRange(least=9)),
        ("    class file has wrong version 69.0, should be 61.0", 17, JdkRange(least=25)),
        ("UnsupportedClassVersionError: D has been compiled by a more recent version of the Java Runtime (class"
         " file version 69.0), this version", 17, JdkRange(least=25)),
        ("java.lang.UnsupportedClassVersionError: x : Unsupported major.minor version 52.0", 7, JdkRange(least=8)),
        ("java.lang.IllegalArgumentException: Unsupported class file major version 69", 25, JdkRange(most=24)),
        ("Detected JDK Version: 17.0.15 is not in the allowed range [1.8,9).", 17, JdkRange()),
        ("E.java:1: error: package javax.xml.bind does not exist", 17, OLDER),
        ("  symbol:   class BASE64Encoder\n  location: package sun.misc\n", 17, OLDER),
        ("K.java:1: error: package sun.security.x509 is not visible", 17, OLDER),
        ("K.java:1: error: package com.sun.tools.javac.api is not visible", 17, OLDER),
        ("java.lang.ClassNotFoundException: javax.xml.bind.JAXBContext", 17, OLDER),
        ("Caused by: java.lang.NoClassDefFoundError: sun/misc/BASE64Encoder", 17, OLDER),
        ("NoSuchFieldError: Class com.sun.tools.javac.tree.JCTree$JCImport does not have member field", 25,
         JdkRange(most=24)),
        ("Could not find artifact com.sun:tools:jar:1.8 at specified path /usr/lib/jvm/x/../lib/tools.jar", 17, OLDER),
        (f"java.lang.reflect.InaccessibleObjectException: Unable to make field accessible: {UNNAMED}", 17, OLDER),
        ("UnsupportedOperationException: Setting a Security Manager is not supported", 25, JdkRange(most=24)),
        ("F.java:1: error: method stop in class Thread cannot be applied to given types;", 25, JdkRange(most=24)),
        ("  symbol:   method countStackFrames()\n", 17, OLDER),
        ("M.java:1: error: as of release 9, '_' is a keyword, and may not be used as an identifier", 17, OLDER),
        ("Unrecognized VM option 'MaxPermSize=100m'", 17, JdkRange()),
        ("Unrecognized option: --add-opens", 8, JdkRange(least=9)),
        ("Could not determine java version from '17.0.15'.", 17, OLDER),
        ("> Gradle requires JVM 17 or later to run.", 11, JdkRange(least=17)),
        ("error: package java.net.http does not exist", 8, JdkRange(least=9)),
        # these say nothing of the JDK
        ("WARNING: sun.misc.Unsafe::objectFieldOffset will be removed in a future release", 25, None),
        ("A.java:1: error: package com.gone does not exist", 17, None),
        ("  (use -source 14 or higher to enable switch rules)", 17, None),
        ("warning: [removal] setSecurityManager(SecurityManager) in System has been deprecated", 17, None),
        ("Tests run: 2, Failures: 1", 17, None),
        ("", 17, None),
    ],
)  # fmt: skip
def test_a_log_says_which_jdks_may_build_the_commit(log: str, used: int, cure: JdkRange | None) -> None:
    assert jdk_problem(log, used) == cure


def test_only_a_jdk_of_the_range_may_cure() -> None:
    assert [release for release in (8, 11, 17, 25) if may_cure(JdkRange(least=9, most=17), release)] == [11, 17]
    assert may_cure(JdkRange(), 1)


@pytest.mark.parametrize(
    ("problems", "words"),
    [
        ([OLDER], "a JDK older than 17 may build it"),
        ([JdkRange(least=25)], "JDK 25 or newer may build it"),
        ([OLDER, JdkRange(least=9)], "JDK 9 to 16 may build it"),
        ([OLDER, JdkRange(least=17)], None),
        ([JdkRange()], "another JDK than 17 may build it"),
    ],
)
def test_what_is_left_is_said(problems: list[JdkRange], words: str | None) -> None:
    assert hope_in_words(problems, 17) == words
