"""The user and password of a repository's URL reach the server, and stand nowhere else."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ergit.config.settings import RepositorySettings
from ergit.errors import ErgitError
from ergit.git.access import access_to
from ergit.git.checkout import FAILURE, checkout
from ergit.git.mirror import mirror
from ergit.git.runner import git_in
from ergit.records.mirror import read_mirror, write_mirror
from ergit.urls import public_url, without_credentials
from tests.fakes.git_server import git_server
from tests.fakes.repositories import Repository
from tests.fakes.studies import configure, snakemake

USER, PASSWORD = "ada@example.org", "p%40ss/w:rd & 'more'"
IN_URL = "ada%40example.org:p%2540ss%2Fw%3Ard%20%26%20%27more%27"


@pytest.fixture
def server(five: Repository, make_repository: Callable[[str], Repository]) -> Iterator[str]:
    """A server of the repositories `project`, which has a submodule, and `library`."""
    make_repository("library").commit("of the library", lib__txt="1\n")
    five.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../library", "lib")
    five.commit("six")
    with git_server(five.path.parent, USER, PASSWORD) as host:
        yield host


@pytest.fixture
def trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where all arguments of all Git's processes are written, passwords too."""
    path = tmp_path / "trace"
    monkeypatch.setenv("GIT_TRACE2_EVENT", str(path))
    monkeypatch.setenv("GIT_TRACE_REDACT", "0")
    return path


def secrets_in(text: str) -> list[str]:
    """What of the user and the password a text holds, as it is or as in the URL."""
    return [secret for secret in (USER, PASSWORD, *IN_URL.split(":")) if secret in text]


def test_a_password_in_the_url_is_used_and_stands_in_no_file_and_in_no_argument(
    five: Repository, server: str, trace: Path, tmp_path: Path
) -> None:
    settings = RepositorySettings(url=f"http://{IN_URL}@{server}/project", submodules=True)
    results = tmp_path / "results"
    record = mirror(settings, results / "mirror.git")
    write_mirror(results / "mirror.json", record)
    assert record.head == five.git("rev-parse", "main")
    assert read_mirror(results / "mirror.json").url == f"http://{server}/project"
    mirror(settings, results / "mirror.git")
    checkout(results / "mirror.git", record.head, results / "tree", settings)
    assert (results / "tree/lib/lib.txt").read_text() == "1\n"
    for path in [trace, *(path for path in results.rglob("*") if path.is_file())]:
        assert secrets_in(path.read_text(encoding="utf-8", errors="replace")) == [], path
    assert "remote-http" in trace.read_text()
    assert [name for name in os.environ if "ERGIT_GIT" in name] == []


def test_a_password_that_is_wrong_is_an_error_without_it(server: str, tmp_path: Path) -> None:
    settings = RepositorySettings(url=f"http://ada%40example.org:p%2540ss%20mistyped@{server}/project")
    with pytest.raises(ErgitError) as raised:
        mirror(settings, tmp_path / "results/mirror.git")
    assert f"http://{server}/project" in str(raised.value)
    assert [word for word in ("ada", "p%40ss", "p%2540ss", "mistyped") if word in str(raised.value)] == []


def test_a_user_without_a_password_is_asked_for_none_and_stands_in_no_error(server: str, tmp_path: Path) -> None:
    with pytest.raises(ErgitError) as raised:
        mirror(RepositorySettings(url=f"http://ghp_s3cr3t@{server}/project"), tmp_path / "results/mirror.git")
    assert "terminal prompts disabled" in str(raised.value)
    assert "ghp_s3cr3t" not in str(raised.value)


def test_the_users_own_credentials_are_used_where_the_url_has_none(
    five: Repository, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".git-credentials").write_text(f"http://{IN_URL}@{server}\n", encoding="utf-8")
    (home / ".gitconfig").write_text("[credential]\n helper = store\n", encoding="utf-8")
    monkeypatch.setenv("HOME", str(home))
    for url in (f"http://{server}/project", f"http://ada%40example.org@{server}/project"):
        record = mirror(RepositorySettings(url=url), tmp_path / "results/mirror.git")
        assert record.head == five.git("rev-parse", "main")


def test_the_users_helpers_neither_override_nor_keep_the_password_of_the_url(
    five: Repository, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".git-credentials").write_text(f"http://somebody:else@{server}\n", encoding="utf-8")
    lines = f'[credential "http://{server}"]\n helper = store\n[credential]\n helper = store\n useHttpPath = true\n'
    (home / ".gitconfig").write_text(lines, encoding="utf-8")
    monkeypatch.setenv("HOME", str(home))
    record = mirror(RepositorySettings(url=f"http://{IN_URL}@{server}/project"), tmp_path / "results/mirror.git")
    assert record.head == five.git("rev-parse", "main")
    assert (home / ".git-credentials").read_text() == f"http://somebody:else@{server}\n"


def test_an_insteadof_of_the_users_does_not_take_the_url_elsewhere(
    five: Repository, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    lines = f'[url "ssh://git@nowhere.invalid/"]\n insteadOf = http://{server}/\n insteadOf = http://\n'
    (home / ".gitconfig").write_text(lines, encoding="utf-8")
    monkeypatch.setenv("HOME", str(home))
    settings = RepositorySettings(url=f"http://{IN_URL}@{server}/project", submodules=True)
    record = mirror(settings, tmp_path / "results/mirror.git")
    assert record.head == five.git("rev-parse", "main")


def test_credentials_that_the_environment_hands_to_git_are_used(
    five: Repository, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.http://{IN_URL}@{server}/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://forge.example/")
    path = tmp_path / "results/mirror.git"
    assert mirror(RepositorySettings(url="https://forge.example/project"), path).head == five.git("rev-parse", "main")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.http://{IN_URL.replace('p', 'q')}@{server}/.insteadOf")
    with pytest.raises(ErgitError) as raised:
        mirror(RepositorySettings(url="https://forge.example/project"), path)
    assert "q%2540ss" not in str(raised.value)


def test_the_mirror_of_an_older_study_is_kept_and_loses_its_password(
    five: Repository, server: str, tmp_path: Path
) -> None:
    url = f"http://{IN_URL}@{server}/project"
    path = tmp_path / "results/mirror.git"
    mirror(RepositorySettings(url=url), path)
    with git_in(path) as git:
        git.config("remote.origin.url", url)
        git.update_ref("refs/kept/here", five.git("rev-parse", "v2"))
    mirror(RepositorySettings(url=url), path)
    with git_in(path) as git:
        assert git.attempt("rev-parse", "--verify", "refs/kept/here")
    assert secrets_in((path / "config").read_text()) == []


def test_a_submodule_that_cannot_be_had_is_recorded_without_the_password(
    five: Repository, server: str, tmp_path: Path
) -> None:
    five.git("config", "--file", ".gitmodules", "submodule.lib.url", f"http://{IN_URL}@{server}/gone")
    five.commit("seven")
    settings = RepositorySettings(url=f"http://{IN_URL}@{server}/project", submodules=True)
    record = mirror(settings, tmp_path / "results/mirror.git")
    checkout(tmp_path / "results/mirror.git", record.head, tmp_path / "tree", settings)
    failure = (tmp_path / "tree" / FAILURE).read_text()
    assert f"http://{server}/gone" in failure
    assert secrets_in(failure) == []


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:pass@host/o/r.git", "https://host/o/r.git"),
        ("https://token@host:8443/o/r", "https://host:8443/o/r"),
        ("https://a:b@c@host/r", "https://host/r"),
        ("https://host/o/r@v1", "https://host/o/r@v1"),
        ("HTTPS://user:pass@host/r", "HTTPS://host/r"),
        ("ssh://git@host/r", "ssh://git@host/r"),
        ("ssh://git:secret@host/r", "ssh://git@host/r"),
        ("git+ssh://git:secret@host/r", "git+ssh://git@host/r"),
        ("git@host:o/r.git", "git@host:o/r.git"),
        ("file:///home/a@b/r", "file:///home/a@b/r"),
        ("/home/a:b@c/r", "/home/a:b@c/r"),
        ("demo", "demo"),
        ("https://user:pass@host", "https://host"),
    ],
)
def test_what_is_shown_of_a_url(url: str, shown: str) -> None:
    assert public_url(url) == shown
    assert public_url(shown) == shown


def test_what_is_shown_of_a_text() -> None:
    text = (
        "fatal: unable to access 'https://u:p@host/r/': x (https://t@h), ssh://git@h/r, mail a@b, sesame opens sesames"
    )
    assert without_credentials(text, ["sesame", ""]) == (
        "fatal: unable to access 'https://host/r/': x (https://h), ssh://git@h/r, mail a@b, *** opens ***s"
    )


def test_a_password_that_git_cannot_take_is_refused() -> None:
    with pytest.raises(ErgitError, match="of https://host/r holds characters") as raised:
        access_to("https://u:line%0Abreak@host/r")
    assert "break" not in str(raised.value)


def test_the_password_of_an_ssh_url_goes_nowhere() -> None:
    access = access_to("ssh://git:secret@host/r")
    assert (access.url, access.settings, access.environment) == ("ssh://git@host/r", (), {})


def test_no_file_of_a_whole_study_holds_the_password(
    five: Repository, server: str, trace: Path, tmp_path: Path
) -> None:
    study = tmp_path / "study"
    url = f"http://{IN_URL}@{server}/project"
    once = {"measure__rounds": 1, "measure__repeats": 1, "measure__warmup": 0}
    configure(study, repository={"url": url}, commits=["main"], build__commands=["env", "git remote -v"], **once)
    done = snakemake(study, "--skip-script-cleanup", "results/energy.csv")
    assert done.returncode == 0, done.stdout + done.stderr
    config = study / "config/config.yaml"
    written = [path for path in [trace, *study.rglob("*")] if path.is_file() and path != config]
    assert any(path.parent.name == "scripts" for path in written)
    assert any(path.name == "trace" for path in written)
    assert secrets_in(done.stdout + done.stderr) == []
    for path in written:
        assert secrets_in(path.read_text(encoding="utf-8", errors="replace")) == [], path
    build = study / f"results/build/{five.git('rev-parse', 'main')}.output.log"
    assert "PATH=" in build.read_text(encoding="utf-8")
