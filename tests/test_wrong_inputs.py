"""What a user gets wrong, and the one sentence that each of these inputs is answered with."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ergit import cli
from ergit.config.names import resolved_later
from ergit.config.reading import read_config
from ergit.config.settings import RepositorySettings, Selection
from ergit.disk import refuse_unwritable
from ergit.errors import ErgitError
from ergit.git.mirror import mirror
from ergit.git.named_later import refuse_unknown
from ergit.git.selection import select
from tests.fakes.repositories import Repository, new_repository, small_history
from tests.fakes.studies import ROOT, configure, snakemake

BASIS = "repository: {url: demo}\nworkload: {command: make bench}\n"

CONFIGS = {
    "a bracket is open": ("commits: [main\n", "line 4, column 1 is no YAML: expected ',' or ']'"),
    "a tab": ("commits: [main]\n\trules: []\n", "line 4, column 1 is no YAML: found character '\\t'"),
    "an alias of nothing": ("commits: *chosen\n", "line 3, column 10 is no YAML: found undefined alias 'chosen'"),
    "a key twice": ("commits: [main]\nworkload: {}\n", "line 4: the key 'workload' stands here a second time"),
    "a date": (
        "commits: {since: 2020-01-31}\n",
        "line 3, column 18: YAML reads 2020-01-31 as a date. Put it in quotes.",
    ),
    "a year": (
        "commits: {since: 2020}\n",
        "line 3: commits.since: YAML reads 2020 as the number 2020; put it in quotes",
    ),
    "on": ("commits: [on]\n", "line 3, column 11: YAML reads on as true. Put it in quotes if it is a text"),
    "no": ("commits: [main]\nbuild: {environment: {A: no}}\n", "line 4, column 26: YAML reads no as false."),
    "octal": ("commits: [0123456]\n", "YAML reads 0123456 as the number 42798, since a 0 in front makes it octal."),
    "1.10": ("commits: [1.10]\n", "line 3: commits[0]: YAML reads 1.10 as the number 1.1; put it in quotes."),
    "a SHA of digits": (
        "commits: [1234567]\n",
        "commits[0]: YAML reads 1234567 as the number 1234567; put it in quotes",
    ),
    "a time": ("commits: [main]\nplan: {windows: [22:00]}\n", "to the base of 60 as it has a colon. Put it in quotes."),
    "no commits": ("", "The key commits is missing; it must be a list of at least one text"),
    "empty commits": (
        "commits:\n",
        "line 3: commits is empty, so there is nothing to study; list SHAs, tags, branches",
    ),
    "an empty list": ("commits: []\n", "line 3: commits is empty, so there is nothing to study"),
    "one commit": ("commits: main\n", "commits is the text 'main'; it must be a list of at least one text, or a block"),
    "an empty name": ("commits: ['']\n", "commits[0] is empty; it must be a text."),
    "an option": ("commits: ['--all']\n", "commits: '--all' is an option of `git rev-list`"),
    "a short form": (
        "commits: ['v1.0^!']\n",
        "commits: 'v1.0^!' is Git's short form of v1.0 without what came before it.",
    ),
    "a key that is none": (
        "commits: [main]\nmesure: {}\n",
        "line 4: Unknown key 'mesure' in the top level. Did you mean",
    ),
    "a key of one's own": ("commits: [main]\nmine: 1\n", "A key of your own begins with 'x-'."),
    "an old key": ("commits: [main]\nmeasure:\n  quiet: {otherwise: flag}\n", "is now measure.quiet.on_timeout"),
    "no rounds": (
        "commits: [main]\nmeasure: {rounds: 0}\n",
        "measure.rounds is the number 0; it must be a whole number",
    ),
    "a unit": (
        "commits: [main]\nmeasure: {rest_seconds: 5s}\n",
        "measure.rest_seconds is the text '5s'; it must be a n",
    ),
    "per cent": ("commits: [main]\nchanges: {least_change: 1%}\n", "is the text '1%'; it must be a number above 0 and"),
    "an unknown source": (
        "commits: [main]\nmeasure: {source: rapl}\n",
        "it must be auto, powercap, pmu, perf, estimate",
    ),
    "a colon in a command": ("commits: [main]\nbuild: {commands: [echo a: b]}\n", "put the whole in quotes"),
    "a command": (
        "commits: [main]\nbuild: {commands: make}\n",
        "is the text 'make'; it must be a list of texts. Write [mak",
    ),
    "a range for the gate": (
        "commits: [main]\ngate: {base: a..b}\n",
        "gate.base: 'a..b' is a range, but one commit is",
    ),
    "no window": ("commits: [main]\nplan: {windows: ['25:00-26:00']}\n", "'25:00-26:00' is no window of time"),
    "Java 1.8": (
        "commits: [main]\njava: {release: 1.8}\n",
        "java.release is the number 1.8; it must be a whole number",
    ),
}


def said(call: Callable[[], object]) -> str:
    """The one line with which a call refuses what it is given."""
    with pytest.raises(ErgitError) as raised:
        call()
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("name", CONFIGS)
def test_a_wrong_config(tmp_path: Path, name: str) -> None:
    text, sentence = CONFIGS[name]
    config = tmp_path / "study.yaml"
    config.write_text(BASIS + text, encoding="utf-8")
    assert sentence in said(lambda: read_config(config))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "must hold keys such as `repository:`, but it is empty."),
        ("- main\n", "must hold keys such as `repository:`, but it is a list of 1 entry."),
        ("repository: demo\ncommits: [main]\nworkload: {command: a}", "line 1: repository is the text 'demo'"),
        (
            "repository: {url: demo}\ncommits: [main]\n",
            "The part `workload` is missing: it names the command to measure",
        ),
        (b"\xff", "is no UTF-8 text"),
    ],
    ids=["empty", "a list", "a text for a block", "no workload", "no text"],
)
def test_a_config_that_is_none(tmp_path: Path, text: str | bytes, sentence: str) -> None:
    config = tmp_path / "study.yaml"
    config.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert sentence in said(lambda: read_config(config))


@pytest.mark.parametrize(
    "words",
    [["doctor"], ["forecast"], ["migrate-config", "config/config.yaml"], ["run", "--configfile", "config/config.yaml"]],
    ids=lambda words: words[0],
)
def test_every_command_names_the_line_of_a_config_that_is_no_yaml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.yaml").write_text("repository: {url: demo\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert str(ended.value).startswith("ergit: config/config.yaml, line 2, column 1 is no YAML: expected ',' or '}'")


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository of five commits, with a folder in it."""
    repository = small_history(new_repository(tmp_path_factory.mktemp("wrong") / "project"))
    (repository.path / "core").mkdir()
    return repository


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("gone", "there is no folder '"),
        (".", "is no Git repository. Write the path of one, a URL, or `demo`"),
        ("project/core", "/project/core lies inside the repository "),
        ("empty", "/empty is empty: it has no commit yet."),
        ("sha256", "names its objects by SHA-256, and ergit studies repositories that do so by SHA-1."),
        ("project", "has no branch 'gone'; it has: main, old."),
    ],
)
def test_a_wrong_repository(five: Repository, tmp_path: Path, url: str, sentence: str) -> None:
    if url in ("empty", "sha256"):
        other = Repository(tmp_path / url)
        other.path.mkdir()
        other.git("init", "--quiet", f"--object-format={'sha256' if url == 'sha256' else 'sha1'}")
        if url == "sha256":
            other.commit("one", a="1")
    place = tmp_path if url in ("gone", ".", "empty", "sha256") else five.path.parent
    settings = RepositorySettings(url=str(place / url), branch="gone" if url == "project" else None)
    assert sentence in said(lambda: mirror(settings, tmp_path / "results/mirror.git"))


SSH = '#!/bin/sh\necho "{}" >&2\nexit 255\n'


@pytest.mark.parametrize(
    ("complaint", "sentence"),
    [
        ("git@example.org: Permission denied (publickey).", "refuses this user's SSH key. `ssh -T example.org` shows"),
        ("Host key verification failed.", "Connect once by hand, `ssh example.org`, and accept its key"),
        ("ssh: Could not resolve hostname example.org", "there is no such host, or no network"),
    ],
)
def test_a_repository_that_ssh_does_not_reach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, complaint: str, sentence: str
) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text(SSH.format(complaint), encoding="utf-8")
    ssh.chmod(0o755)
    monkeypatch.setenv("GIT_SSH", str(ssh))
    settings = RepositorySettings(url="git@example.org:ada/parser.git")
    words = said(lambda: mirror(settings, tmp_path / "results/mirror.git"))
    assert words.startswith("repository.url: git@example.org:ada/parser.git: ")
    assert sentence in words


def test_a_git_that_is_too_old_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "bin/git"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho git version 2.20.1\n", encoding="utf-8")
    old.chmod(0o755)
    asked = RepositorySettings(url="demo")
    monkeypatch.setenv("PATH", str(old.parent))
    assert "This is git version 2.20.1, and ergit needs Git 2.31 or newer" in said(
        lambda: mirror(asked, tmp_path / "m")
    )
    old.unlink()
    assert "`git` was not found: install Git." in said(lambda: mirror(asked, tmp_path / "m"))


@pytest.fixture(scope="module")
def mirrored_five(five: Repository) -> tuple[Path, str]:
    """The mirror of the five commits, and the newest."""
    path = five.path.parent / "results/mirror.git"
    return path, mirror(RepositorySettings(url=str(five.path)), path).head


@pytest.mark.parametrize(
    ("commits", "sentence"),
    [
        ("v3", "'v3' is no commit, tag or branch of the repository. Did you mean v4 or v2?"),
        ("HEAD~5", "'HEAD~5' goes back too far: HEAD and what came before it are 5 commits. The oldest is HEAD~4."),
        ("main^2", "'main^2' is not there: only a merge has more than one parent"),
        ("v4..v2", "the range 'v4..v2' is empty. Is 'v2' older than 'v4'?"),
        ("refs/pull/5/head", "ergit mirrors branches and tags only."),
        ("0123abc", "'0123abc' is no commit, tag or branch of the repository."),
    ],
)
def test_a_wrong_commit(mirrored_five: tuple[Path, str], commits: str, sentence: str) -> None:
    assert sentence in said(lambda: select(*mirrored_five, Selection(commits=(commits,))))


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ("gate: {base: v9}", "gate.base: 'v9' is no commit, tag or branch of the repository."),
        ("gate: {head: v2}", "is not among the chosen commits, so it will have no reading."),
        ("noise: {commit: v2}", "noise.commit: 'v2' ("),
        ("changes: {accepted: [v9]}", "changes.accepted: 'v9' is no commit"),
        ("changes: {anchors: [v9]}", "changes.anchors: 'v9' is no commit"),
    ],
)
def test_a_name_for_later_is_refused_before_anything_is_spent(
    mirrored_five: tuple[Path, str], tmp_path: Path, part: str, sentence: str
) -> None:
    config = tmp_path / "study.yaml"
    config.write_text(f"{BASIS}commits: [v4, main]\n{part}\n", encoding="utf-8")
    named = [(name.key, name.text) for name in resolved_later(read_config(config))]
    rows = select(*mirrored_five, Selection(commits=("v4", "main")))
    assert sentence in said(lambda: refuse_unknown(mirrored_five[0], rows, named))


def test_a_results_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("", encoding="utf-8")
    assert "/results is a file, and a study needs a folder there." in said(
        lambda: refuse_unwritable([tmp_path / "results/readings"])
    )


SNAKEMAKES_OWN = ("Traceback", "RuleException", "WorkflowError", "--settings", "Exiting because", "did not complete")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"measure": {"rouds": 2}}, "ergit: config/config.yaml, line 9: Unknown key 'rouds' in measure. Did you mean"),
        (
            {"commits": ["HEAD~5"]},
            "ergit: commits: 'HEAD~5' goes back too far: HEAD and what came before it are 5 commi",
        ),
    ],
    ids=["when it is read", "when it runs"],
)
@pytest.mark.parametrize("how", ["ergit run", "snakemake"])
def test_both_commands_end_with_the_sentence_and_no_words_of_snakemakes(
    five: Repository, tmp_path: Path, how: str, changes: dict[str, object], sentence: str
) -> None:
    configure(tmp_path, repository__url=str(five.path), **changes)
    if how == "snakemake":
        done = snakemake(tmp_path)
    else:
        ergit = [sys.executable, str(ROOT / "bin/ergit"), "run"]
        without_home = {name: value for name, value in os.environ.items() if name != "HOME"}
        done = subprocess.run(ergit, cwd=tmp_path, env=without_home, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    last = [line for line in done.stderr.splitlines() if not line.startswith("  (log: ")][-1]
    assert last.startswith(sentence)
    assert done.stderr.count(sentence.removeprefix("ergit: ")) == 1
    assert not [word for word in SNAKEMAKES_OWN if word in done.stdout + done.stderr]
