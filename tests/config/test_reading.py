"""The config: closed and strict, with defaults, and errors that a person understands."""

from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ergit.config.reading import from_command_line, load_yaml, read_config
from ergit.config.settings import JavaSettings
from ergit.errors import ErgitError

SMALLEST: dict[str, Any] = {"repository": {"url": "demo"}, "commits": ["main"], "workload": {"command": "true"}}


NO_COMMITS = (
    "commits is empty, so there is nothing to study; list SHAs, tags, branches or ranges, such as"
    " `commits: [v1.0..main]`, or give filters, such as `commits: {newest: 100}`."
)


def changed(path: str, value: Any) -> dict[str, Any]:
    """The smallest config with the value at `path`, keys joined by dots."""
    config = deepcopy(SMALLEST)
    *parents, last = path.split(".")
    part = config
    for key in parents:
        part = part.setdefault(key, {})
    part[last] = value
    return config


def refusal(source: Path | dict[str, Any]) -> str:
    """The words with which a config is refused, without those that end all of them."""
    with pytest.raises(ErgitError) as raised:
        read_config(source)
    message = str(raised.value)
    assert "\n" not in message
    return message.removesuffix(" docs/config.md describes every key.")


def written(folder: Path, text: str | bytes) -> Path:
    """A config with that text."""
    path = folder / "study.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_defaults_are_filled_in_at_every_level() -> None:
    settings = read_config(SMALLEST)
    assert settings.measure.rounds == 3
    assert settings.measure.temperature.wait_seconds == 300
    assert settings.java == JavaSettings(release=None, directory=".", search=())


def test_a_config_is_read_from_a_file_and_from_a_mapping_alike(tmp_path: Path) -> None:
    text = "repository: {url: demo}\ncommits: [main]\nworkload: {command: 'true'}\n"
    assert read_config(written(tmp_path, text)) == read_config(SMALLEST)


def test_reading_leaves_the_given_mapping_alone() -> None:
    given = deepcopy(SMALLEST)
    read_config(given)
    assert given == SMALLEST


def test_java_can_be_switched_off() -> None:
    assert read_config(changed("java", None)).java is None


def test_whole_numbers_stay_whole_and_others_stay_what_they_are() -> None:
    seconds = [read_config(changed("measure.rest_seconds", value)).measure.rest_seconds for value in (1, 1.0, 0.25)]
    assert [repr(value) for value in seconds] == ["1", "1.0", "0.25"]


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("measure.round", 3, "Unknown key 'round' in measure. Did you mean 'rounds'?"),
        ("mesure", {}, "Unknown key 'mesure' in the top level. Did you mean 'measure'?"),
        (
            "measure.temperature.highest",
            80,
            "Unknown key 'highest' in measure.temperature. Did you mean 'highest_celsius'?",
        ),
        ("commits", {"newst": 3}, "Unknown key 'newst' in commits. Did you mean 'newest'?"),
        ("noise.colour", "pink", "Unknown key 'colour' in noise. The keys there are commit, rounds, builds."),
        ("workload", {}, "The key workload.command is missing; it must be a text."),
        ("workload", None, "The part `workload` is missing: it names the command to measure."),
        ("workload.command", None, "workload.command is empty; it must be a text."),
        ("workload.command", "", "workload.command is empty; it must be a text."),
        ("measure.rounds", "three", "measure.rounds is the text 'three'; it must be a whole number of at least 1."),
        ("measure.rounds", "3", "measure.rounds is the text '3'; it must be a whole number of at least 1."),
        ("measure.rounds", "1_000", "measure.rounds is the text '1_000'; it must be a whole number of at least 1."),
        ("measure.rounds", "٣", "measure.rounds is the text '٣'; it must be a whole number of at least 1."),
        ("measure.rounds", 0, "measure.rounds is the number 0; it must be a whole number of at least 1."),
        ("measure.rounds", 2.5, "measure.rounds is the number 2.5; it must be a whole number of at least 1."),
        ("measure.rounds", True, "measure.rounds is true; it must be a whole number of at least 1."),
        ("measure.rest_seconds", -1, "measure.rest_seconds is the number -1; it must be a number of at least 0."),
        ("measure.rest_seconds", True, "measure.rest_seconds is true; it must be a number of at least 0."),
        ("measure.watts_per_core", 0, "measure.watts_per_core is the number 0; it must be a number above 0."),
        (
            "measure.idle_seconds",
            float("nan"),
            "measure.idle_seconds is the number nan; it must be a number of at least 0.",
        ),
        (
            "measure.idle_seconds",
            float("inf"),
            "measure.idle_seconds is the number inf; it must be a number of at least 0.",
        ),
        (
            "measure.temperature.lowest_celsius",
            "warm",
            "measure.temperature.lowest_celsius is the text 'warm'; it must be a number, or null.",
        ),
        ("measure.allow_estimate", 1, "measure.allow_estimate is the number 1; it must be true or false."),
        ("measure.allow_estimate", "on", "measure.allow_estimate is the text 'on'; it must be true or false."),
        (
            "measure.loops",
            "many",
            "measure.loops is the text 'many'; it must be auto, or a whole number of at least 1.",
        ),
        ("measure.loops", 0, "measure.loops is the number 0; it must be auto, or a whole number of at least 1."),
        (
            "measure.source",
            "rapl",
            "measure.source is the text 'rapl'; it must be auto, powercap, pmu, perf, estimate, or a list of 2 or more"
            " of powercap, pmu and perf.",
        ),
        (
            "measure.source",
            ["perf"],
            "measure.source is a list of 1 entry; it must be auto, powercap, pmu, perf, estimate, or a list of 2 or"
            " more of powercap, pmu and perf.",
        ),
        (
            "measure.source",
            ["perf", "rapl"],
            "measure.source[1] is the text 'rapl'; it must be powercap, pmu or perf.",
        ),
        ("gate.undecided", "maybe", "gate.undecided is the text 'maybe'; it must be fail or pass."),
        ("measure", None, "measure is empty; it must be a block of keys such as `source:`."),
        ("java", True, "java is true; it must be a block of keys such as `release:`, or null."),
        (
            "changes.least_change",
            1,
            "changes.least_change is the number 1; it must be a number above 0 and below 1.",
        ),
        ("commits", [], NO_COMMITS),
        ("commits", None, NO_COMMITS),
        ("commits", "", NO_COMMITS),
        (
            "commits",
            "main",
            "commits is the text 'main'; it must be a list of at least one text, or a block of keys such as"
            " `granularity:`. Write [main].",
        ),
        ("commits", ["main", 83], "commits[1] is the number 83; put it in quotes."),
        ("commits", [date(2024, 1, 1)], "commits[0] is the date 2024-01-01; put it in quotes."),
        ("commits", [True], "commits[0] is true; put it in quotes."),
        ("commits", {"since": 2020}, "commits.since is the number 2020; put it in quotes."),
        ("commits", {"until": date(2024, 1, 1)}, "commits.until is the date 2024-01-01; put it in quotes."),
        (
            "commits",
            {"since": "2 weeks ago"},
            "commits.since is the text '2 weeks ago'; it must be a text such as 2020-01-31, or null.",
        ),
        (
            "exclude",
            ["main"],
            "exclude[0] is the text 'main'; it must be a block of keys such as `commits:`.",
        ),
        ("exclude", [{"commits": "main"}], "The key exclude[0].reason is missing; it must be a text."),
        (
            "exclude",
            "main",
            "exclude is the text 'main'; it must be a list of blocks, each with `commits:` and `reason:`.",
        ),
        ("repository.branch", False, "repository.branch is false; put it in quotes."),
        (
            "repository.link",
            "https://example.org/",
            "repository.link is the text 'https://example.org/'; it must be a web address (http or https) with {commit}"
            " in it, or null.",
        ),
        (
            "repository.link",
            "javascript:alert('{commit}')",
            "repository.link is the text \"javascript:alert('{commit}')\"; it must be a web address (http or https)"
            " with {commit} in it, or null.",
        ),
        ("build.commands", "make", "build.commands is the text 'make'; it must be a list of texts. Write [make]."),
        (
            "build.commands",
            ["make", {"echo a": "b"}],
            "build.commands[1] is a block of keys; it must be a text: if it is one with a colon and a blank in it, put"
            " the whole in quotes.",
        ),
        ("build.commands", ["make", None], "build.commands[1] is empty; it must be a text."),
        ("build.environment", {"A": 1}, "build.environment.A is the number 1; put it in quotes."),
        (
            "build.environment",
            {1: "A"},
            "build.environment has a variable named the number 1; put the name in quotes.",
        ),
        (
            "build.environment",
            ["A=1"],
            "build.environment is a list of 1 entry; it must be a block of variables, each with a text.",
        ),
    ],
)
def test_a_wrong_key_or_value_is_named_with_what_it_must_be(path: str, value: Any, words: str) -> None:
    assert refusal(changed(path, value)) == f"config: {words}"


def test_a_window_of_time_that_is_none_is_refused_with_the_config() -> None:
    assert refusal(changed("plan.windows", ["25:00-06:00"])).startswith(
        "plan.windows: '25:00-06:00' is no window of time. Write 22:00-06:00 for every night"
    )


def test_three_mistakes_are_told_at_once_and_the_others_are_counted() -> None:
    given = changed("measure", {"rounds": 0, "repeats": 0, "warmup": -1, "seed": "x"})
    assert refusal(given) == (
        "config: measure.rounds is the number 0; it must be a whole number of at least 1."
        " measure.repeats is the number 0; it must be a whole number of at least 1."
        " measure.warmup is the number -1; it must be a whole number of at least 0."
        " These are the first 3 of 4 mistakes."
    )


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("on", "YAML reads on as true. Put it in quotes if it is a text; write true otherwise."),
        ("no", "YAML reads no as false. Put it in quotes if it is a text; write false otherwise."),
        ("Yes", "YAML reads Yes as true. Put it in quotes if it is a text; write true otherwise."),
        ("True", "YAML reads True as true. Put it in quotes if it is a text; write true otherwise."),
        ("NULL", "YAML reads NULL as null. Put it in quotes if it is a text; write null otherwise."),
        ("1_000", "YAML reads 1_000 as the number 1000. Put it in quotes if it is a text; write 1000 otherwise."),
        (
            "0000123",
            "YAML reads 0000123 as the number 83, since a 0 in front makes it octal. Put it in quotes if it is a text;"
            " write 123 if it is a number.",
        ),
        ("0x1f", "YAML reads 0x1f as the number 31. Put it in quotes if it is a text; write 31 otherwise."),
        ("0b11", "YAML reads 0b11 as the number 3. Put it in quotes if it is a text; write 3 otherwise."),
        ("1:30", "YAML reads 1:30 as the number 90, to the base of 60 as it has a colon. Put it in quotes."),
        ("+1", "YAML reads +1 as the number 1. Put it in quotes if it is a text; write 1 otherwise."),
        ("2024-01-01", "YAML reads 2024-01-01 as a date. Put it in quotes."),
        ("2024-99-99", "YAML reads 2024-99-99 as a date. Put it in quotes."),
        (".nan", ".nan is no number that a study can use."),
        ("-.inf", "-.inf is no number that a study can use."),
    ],
)
def test_an_unquoted_word_that_yaml_reads_as_something_else_is_named_with_its_line(
    tmp_path: Path, word: str, sentence: str
) -> None:
    path = written(tmp_path, f"repository: {{url: demo}}\ncommits: [main, {word}]\n")
    assert refusal(path) == f"{path}, line 2, column 17: {sentence}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("commits: [1.10]", "line 3: commits[0]: YAML reads 1.10 as the number 1.1; put it in quotes."),
        ("commits: [main]\nmeasure:\n  rounds: 0", "line 5: measure.rounds is the number 0; it must be a whole number"),
        ("commits: [main]\nmeasure:\n  round: 2", "line 5: Unknown key 'round' in measure."),
        ("commits: [main]\nexclude:\n- commits: v1", "line 5: The key exclude[0].reason is missing"),
        ("colour: 1\ncommits: [main]", "line 3: Unknown key 'colour' in the top level. The keys there are"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    path = written(tmp_path, f"repository: {{url: demo}}\nworkload: {{command: make}}\n{text}\n")
    assert refusal(path).startswith(f"{path}, {words}")


def test_the_place_of_a_mistake_is_in_the_last_file_that_has_the_key(tmp_path: Path) -> None:
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("measure:\n  rounds: 1\n  repeats: 2\n", encoding="utf-8")
    second.write_text("measure:\n  rounds: 0\n", encoding="utf-8")
    with pytest.raises(ErgitError, match=r"b\.yaml, line 2: measure\.rounds is the number 0"):
        read_config(changed("measure", {"rounds": 0, "repeats": 2}), [first, second])
    with pytest.raises(ErgitError, match=r"a\.yaml, line 3: measure\.repeats is the number 0"):
        read_config(changed("measure", {"rounds": 1, "repeats": 0}), [first, second])


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("commits", ["--all"], "commits: '--all' is an option of `git rev-list`"),
        ("commits", ["v1^!"], "commits: 'v1^!' is Git's short form of v1 without what came before it. Write `v1`."),
        ("exclude", [{"commits": ["a", "-5"], "reason": "b"}], "exclude[0].commits: '-5' is an option"),
        (
            "commits",
            {"oldest_commit": "a..b"},
            "commits.oldest_commit: 'a..b' is a range, but one commit is asked for.",
        ),
        ("gate.base", "v1..v2", "gate.base: 'v1..v2' is a range, but one commit is asked for."),
        ("gate.head", "^v1", "gate.head: '^v1' leaves commits out in Git's own syntax"),
        ("noise.commit", "--all", "noise.commit: '--all' is an option of `git rev-list`"),
        ("changes.accepted", ["v1", "v1^@"], "changes.accepted: 'v1^@' is Git's short form of the parents of v1."),
        ("changes.anchors", ["a b"], "changes.anchors: 'a b' is a range"),
    ],
)
def test_what_cannot_be_the_name_of_a_commit_is_refused_without_a_repository(path: str, value: Any, words: str) -> None:
    assert refusal(changed(path, value)).startswith(words)


@pytest.mark.parametrize("word", ["true", "null", "~", "0", "-12", "0.05", ".5", "1.0e+3"])
def test_a_plain_number_true_or_null_is_read_as_such(tmp_path: Path, word: str) -> None:
    assert not isinstance(load_yaml(written(tmp_path, f"word: {word}"))["word"], str)


@pytest.mark.parametrize("word", ["on", "1_000", "0123", "2024-01-01", "1.10", ".nan"])
def test_a_quoted_word_is_the_text_that_it_is(tmp_path: Path, word: str) -> None:
    path = written(
        tmp_path, f"repository: {{url: demo}}\ncommits: ['{word}', \"{word}\"]\nworkload: {{command: make}}\n"
    )
    assert read_config(path).commits == (word, word)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n",
            ", line 5: the key 'c' stands here a second time; the first is in line 3.",
        ),
        ("a: [{b: 1, c: 2,\n b: 3}]", ", line 2: the key 'b' stands here a second time; the first is in line 1."),
        ("'a': 1\n\"a\": 2\n", ", line 2: the key 'a' stands here a second time; the first is in line 1."),
        ('{"a": 1, "a": 2}', ", line 1: the key 'a' stands here a second time; the first is in line 1."),
    ],
)
def test_a_key_that_stands_twice_is_named_with_both_lines(tmp_path: Path, text: str, sentence: str) -> None:
    path = written(tmp_path, text)
    assert refusal(path) == f"{path}{sentence} Remove one of the two."


def test_the_same_key_in_two_parts_is_no_double(tmp_path: Path) -> None:
    assert load_yaml(written(tmp_path, "a: {b: 1}\nc: [{b: 1}, {b: 2}]\n")) == {
        "a": {"b": 1},
        "c": [{"b": 1}, {"b": 2}],
    }


def test_anchors_and_merged_keys_are_read(tmp_path: Path) -> None:
    text = """
repository: {url: demo}
commits: [main]
build: &here {directory: sub, timeout_seconds: 60}
workload: {<<: *here, command: make, timeout_seconds: 5}
"""
    settings = read_config(written(tmp_path, text))
    assert settings.workload
    assert (settings.workload.directory, settings.workload.timeout_seconds) == ("sub", 5)
    assert settings.build.timeout_seconds == 60


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", " must hold keys such as `repository:`, but it is empty."),
        ("# nothing\n", " must hold keys such as `repository:`, but it is empty."),
        ("- main\n", " must hold keys such as `repository:`, but it is a list of 1 entry."),
        ("main\n", " must hold keys such as `repository:`, but it is the text 'main'."),
        (b"a: \xff\n", " is no UTF-8 text (byte 3). Save it as UTF-8."),
        ("a: b: c\n", ", line 1, column 5 is no YAML: mapping values are not allowed here."),
        ("a:\n\t- b\n", ", line 2, column 1 is no YAML: found character '\\t' that cannot start any token."),
        ("a: !word b\n", ", line 1, column 4 is no YAML: could not determine a constructor for the tag '!word'."),
        ("? [a]\n: b\n", ", line 1, column 3 is no YAML: found unhashable key."),
        ("[" * 3000, " nests its keys too deeply to be a config."),
    ],
)
def test_a_file_that_is_no_config_is_refused(tmp_path: Path, text: str | bytes, sentence: str) -> None:
    path = written(tmp_path, text)
    assert refusal(path) == f"{path}{sentence}"


def test_a_file_that_is_not_there_or_a_folder_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.yaml") == f"{tmp_path}/none.yaml cannot be read: No such file or directory."
    assert refusal(tmp_path) == f"{tmp_path} cannot be read: Is a directory."


def test_keys_that_begin_with_x_are_the_user_s_own_place_for_anchors(tmp_path: Path) -> None:
    text = "x-run: &run {command: 'true'}\nrepository: {url: demo}\ncommits: [main]\nworkload: *run\n"
    assert read_config(written(tmp_path, text)) == read_config(SMALLEST)


def test_such_keys_are_the_user_s_own_at_the_top_level_only() -> None:
    assert refusal(changed("measure.x-mine", 1)).startswith("config: Unknown key 'x-mine' in measure.")


def test_keys_that_hold_themselves_are_refused_like_any_other(tmp_path: Path) -> None:
    path = written(tmp_path, "repository: &me {url: *me}\ncommits: [main]\nworkload: {command: make}\n")
    assert refusal(path).startswith(f"{path}, line 1: repository.url is a block of keys; it must be a text")


def test_texts_of_the_command_line_become_what_their_keys_take() -> None:
    given = {
        "commits": ["0123", "7"],
        "java": "null",
        "measure": {"rounds": "2", "rest_seconds": "0.5", "loops": "auto", "allow_estimate": "true", "quiet": {}},
        "build": {"environment": {"A": "1"}, "timeout_seconds": 60},
        "repository": {"branch": "null", "url": "demo"},
    }
    assert from_command_line(given) == {
        "commits": ["0123", "7"],
        "java": None,
        "measure": {"rounds": 2, "rest_seconds": 0.5, "loops": "auto", "allow_estimate": True, "quiet": {}},
        "build": {"environment": {"A": "1"}, "timeout_seconds": 60},
        "repository": {"branch": None, "url": "demo"},
    }


@pytest.mark.parametrize("text", ["1_000", "on", "three", "0x10", "'2'", "[", "", "0"])
def test_texts_of_the_command_line_that_their_key_does_not_take_stay_to_be_refused(text: str) -> None:
    assert from_command_line({"measure": {"rounds": text}, "colour": "1"}) == {
        "measure": {"rounds": text},
        "colour": "1",
    }
