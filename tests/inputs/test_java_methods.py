"""The methods of Java files, and those that differ between two versions."""

import time

import pytest

from ergit.inputs.java_methods import MOST_BYTES, changed_methods, is_same_code, read_java_file

BEFORE = b"""package a; import b.C;
/** Words. */
class Words<T> {
    static { load(); }
    private int size; // how many
    Words(int size) { this.size = size; }
    int count(String text, int... limits) {
        return text.length(); // fast
    }
    enum Kind {
        PLAIN { @Override void read(Reader r) { r.run(new Runnable() { public void run() {} }); } };
        abstract void read(Reader r);
    }
    interface Source { String next(); }
    record Pair(int a, int b) { Pair { check(a); } }
}
"""


def names(text: bytes) -> list[str]:
    """The names of the methods in a text."""
    found = read_java_file(text)
    assert found is not None
    return list(found.methods)


def differing(before: bytes, after: bytes) -> list[tuple[str, str]]:
    """The methods that differ, and what happened to each."""
    old, new = read_java_file(before), read_java_file(after)
    assert old is not None
    assert new is not None
    return list(changed_methods(old, new))


def test_methods_have_the_names_of_their_classes_and_the_types_of_their_parameters() -> None:
    assert names(BEFORE) == [
        "Words.static {}",
        "Words.Words(int)",
        "Words.count(String, …)",
        "Words.Kind.PLAIN.read(Reader)",
        "Words.Kind.read(Reader)",
        "Words.Source.next()",
        "Words.Pair.Pair()",
    ]


def test_comments_and_formatting_change_no_method() -> None:
    after = BEFORE.replace(b"// fast", b"/* slow */ // really").replace(b"    ", b"\t")
    assert differing(BEFORE, after) == []


def test_strings_keep_their_white_space_and_comments_in_them() -> None:
    before, same, other = (
        read_java_file(b"class A { String f() { return \"a  // b\"; } char c = ' '; " + end)
        for end in (b"}", b" /* x */ }", b"int d; }")
    )
    assert before is not None
    assert same is not None
    assert other is not None
    assert before.methods["A.f()"] == b'Stringf(){return"a  // b";}'
    assert is_same_code(before, same)
    assert not is_same_code(before, other)
    broken = read_java_file(b"class A { int f( { }")
    assert broken is not None
    assert not is_same_code(broken, broken)


def test_changed_added_and_removed_methods_are_told() -> None:
    after = BEFORE.replace(b"text.length()", b"text.size()").replace(b"String next()", b"String other()")
    assert differing(BEFORE, after) == [
        ("Words.Source.next()", "removed"),
        ("Words.Source.other()", "added"),
        ("Words.count(String, …)", "changed"),
    ]


@pytest.mark.parametrize("text", [b"", b"no Java at all", b"\xff\xfe\x00", b"}}}}"])
def test_what_is_no_java_has_no_methods(text: bytes) -> None:
    assert names(text) == []


@pytest.mark.parametrize("text", [b" " * (MOST_BYTES + 1), b"(" * 400_000, b"a<" * 200_000])
def test_what_would_take_the_parser_too_long_is_not_read(text: bytes) -> None:
    begin = time.process_time()
    assert read_java_file(text) is None
    assert time.process_time() - begin < 5
