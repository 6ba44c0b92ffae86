"""The command `ergit`: what each call prints, how it ends, and what it never imports."""

import os
import re
import signal
import subprocess
import sys
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

import pytest

from ergit.cli import COMMANDS, Command, main
from ergit.config.handover import program_variables

ROOT = Path(__file__).parents[1]
ERGIT = ROOT / "bin/ergit"
RULES = "".join(path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("rules/*.smk")))
HOSTILE = (
    *("statistics.py", "json.py", "re.py", "numpy.py", "pandas.py", "yaml.py", "msgspec.py", "ergit/__init__.py"),
    *("git/__init__.py", "scripts/__init__.py", "snakemake.py", "sitecustomize.py", "tests/__init__.py"),
)


def ergit(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """One call of the command in a folder."""
    return subprocess.run(
        [sys.executable, str(ERGIT), *words],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder in which every module leaves a trace when it is imported."""
    for name in HOSTILE:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"open({str(tmp_path / 'trace')!r}, 'a').write(__file__)\n", encoding="utf-8")
    (tmp_path / "runs.csv").write_text("a,1\nb,1\n", encoding="utf-8")
    return tmp_path


def test_help_names_each_command_with_an_example_and_where_the_rest_is(tmp_path: Path) -> None:
    done = ergit(tmp_path, "--help")
    assert done.returncode == 0
    for command in COMMANDS:
        assert f"  {command.name} " in done.stdout
        assert command.summary in done.stdout
        assert f"  {command.examples[0]}\n" in done.stdout
    assert f"{ROOT}/README.md and docs/" in done.stdout


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_help_of_each_command_has_its_description_and_examples(tmp_path: Path, command: object) -> None:
    assert command in COMMANDS
    name, _, _, description, examples = command
    done = ergit(tmp_path, name, "--help")
    assert done.returncode == 0
    assert description in " ".join(done.stdout.split())
    assert "examples:\n" + "".join(f"  {example}\n" for example in examples) in done.stdout


def test_the_examples_are_understood_by_their_commands() -> None:
    for command in COMMANDS:
        assert all(re.search(rf"ergit\)? {command.name}\b", example) for example in command.examples)


def test_the_documents_that_the_help_names_are_there() -> None:
    named = {name for command in COMMANDS for name in re.findall(r"docs/[\w-]+\.md", command.description)}
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    version = re.search('^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert version
    assert ergit(tmp_path, "--version").stdout == f"ergit {version[1]}\n"


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["migrate-config", "--help"]], ids=" ".join)
def test_what_needs_no_numbers_starts_without_numpy_and_pandas(words: list[str]) -> None:
    program = (
        "import sys\nfrom ergit import cli\n"
        "try: cli.main(sys.argv[1:])\n"
        "except SystemExit: print({'numpy', 'pandas', 'scipy', 'git'} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program, *words], capture_output=True, text=True, timeout=300)
    assert done.stderr == "set()\n"


@pytest.mark.parametrize(
    "words",
    [[], ["docter"], ["compare", "a"], ["compare", "a", "b", "--stud", "."], ["completion", "fish"], ["--study", "."]],
    ids=" ".join,
)
def test_wrong_words_end_with_status_2_and_the_usage(tmp_path: Path, words: list[str]) -> None:
    done = ergit(tmp_path, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"(?s)usage: ergit.*\nergit.*: error: [^\n]+\n", done.stderr)


@pytest.mark.parametrize(
    "command", [command for command in COMMANDS if command.name != "run"], ids=lambda each: each.name
)
def test_an_option_that_a_command_does_not_know_is_refused_with_the_usage_of_that_command(command: Command) -> None:
    words = {"compare": ["a", "b"], "figure": ["evolution"], "changes": ["a", "b"], "completion": ["bash"]}
    words |= {"prepare": ["show"], "new-stage": ["x"], "migrate-config": ["x"]}
    with pytest.raises(SystemExit) as ended, redirect_stderr(StringIO()) as told:
        main([command.name, *words.get(command.name, []), "--bas", "main"])
    assert ended.value.code == 2
    assert told.getvalue().startswith(f"usage: ergit {command.name} ")
    assert f"\nergit {command.name}: error: unrecognized arguments: --bas" in told.getvalue()


@pytest.mark.parametrize(
    "words",
    [
        ["compare", "v1", "v2"],
        ["compare", "v1", "v2", "--study", "nowhere"],
        ["doctor"],
        ["doctor", "--configfile", "none.yaml"],
        ["doctor", "--measure", "{"],
        ["changes", "none.csv", "out.json"],
        ["changes", "good.csv", "good.csv/out.json"],
        ["prepare", "apply"],
        ["migrate-config", "none.yaml"],
        ["migrate-config", "."],
    ],
    ids=" ".join,
)
def test_an_error_is_one_paragraph_and_ends_with_status_1(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "good.csv").write_text("a,1\nb,1\n", encoding="utf-8")
    done = ergit(tmp_path, *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"ergit: [^\n]+\n", done.stderr), done.stderr


def test_a_closed_pipe_ends_the_command_quietly(tmp_path: Path) -> None:
    command = [sys.executable, str(ERGIT), "completion", "bash"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 128 + signal.SIGPIPE


@pytest.mark.parametrize("words", [["completion", "bash"], ["--help"]], ids=" ".join)
def test_a_full_disk_under_the_output_is_said(tmp_path: Path, words: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, str(ERGIT), *words],
            cwd=tmp_path,
            env=environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=300,
        )
    assert (done.returncode, done.stderr) == (1, "ergit: No space left on device.\n")


def test_interrupting_a_command_ends_it_quietly_with_status_130(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "runs")
    heeding = ["env", "--default-signal=INT"]  # what a shell starts in the background ignores it, with all its children
    command = [*heeding, sys.executable, str(ERGIT), "changes", "runs", "out.json"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) as process:
        assert process.stderr
        with (tmp_path / "runs").open("w"):  # returns when the command reads
            process.send_signal(signal.SIGINT)
            assert process.stderr.read() == b""
    assert process.returncode == 130


def test_letters_that_a_terminal_lacks_are_no_error(tmp_path: Path) -> None:
    done = ergit(tmp_path, "migrate-config", "größe.yaml", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", ["changes", "runs.csv", "changes.json"]),
        (":", ["changes", "runs.csv", "changes.json"]),
        (".", ["changes", "runs.csv", "changes.json"]),
        (".", ["doctor", "--measure", '{"allow_estimate": true}']),
        (".", ["prepare", "show"]),
        (".", ["compare", "a", "b"]),
        (".", ["completion", "bash"]),
        (".", ["migrate-config", "none.yaml"]),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_the_command_imports_nothing_of_the_working_directory(hostile: Path, path: str, words: list[str]) -> None:
    (hostile / "sitecustomize.py").unlink()  # which Python itself imports, from PYTHONPATH, before any program
    done = ergit(hostile, *words, PYTHONPATH=path)
    assert not (hostile / "trace").exists(), (hostile / "trace").read_text(encoding="utf-8")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("module", sorted(set(re.findall(r"\{params\.python\} -P -m (ergit[\w.]+)", RULES))))
def test_the_programs_of_the_rules_import_nothing_of_the_working_directory(
    hostile: Path, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", ":.")
    environment = os.environ | program_variables()
    command = ["python3", "-P", "-m", module, "--help"]
    done = subprocess.run(command, cwd=hostile, env=environment, capture_output=True, text=True, timeout=300)
    assert not (hostile / "trace").exists(), (hostile / "trace").read_text(encoding="utf-8")
    assert (done.returncode, done.stdout[:6]) == (0, "usage:"), done.stderr


def test_every_program_of_the_rules_is_started_without_the_working_directory() -> None:
    starts = re.findall(r'"exec (.*?)ergit\.', RULES)
    assert set(starts) == {"{params.python} -P -m ", "env -u ERGIT_BUILD_CACHE {params.python} -P -m "}
    assert len(starts) == len(re.findall("^    shell:", RULES, re.MULTILINE))


def test_the_installed_command_is_the_one_that_is_tested() -> None:
    installed = Path(sys.executable).with_name("ergit")
    if not installed.exists():
        pytest.skip("ergit is not installed beside this Python")
    assert installed.read_text(encoding="utf-8").split("\n")[1:] == ERGIT.read_text(encoding="utf-8").split("\n")[1:]


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The scripts for the shells, by the name of the shell."""
    folder = tmp_path_factory.mktemp("completion")
    for shell in ("bash", "zsh"):
        (folder / shell).write_text(ergit(folder, "completion", shell).stdout, encoding="utf-8")
    return {shell: folder / shell for shell in ("bash", "zsh")}


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        (["ergit", "co"], ["compare", "completion"]),
        (["ergit", "prepare", "re"], ["restore"]),
        (["ergit", "doctor", "--conf"], ["--configfile"]),
        (["ergit", "compare", "--st"], ["--study"]),
        (["ergit", "figure", "c"], ["cusum", "conditions", "compare"]),
        (["ergit", "figure", "evolution", "--format", "p"], ["pdf", "png"]),
    ],
    ids=" ".join,
)
def test_bash_completes_commands_and_their_words(
    scripts: dict[str, Path], typed: list[str], completed: list[str]
) -> None:
    asked = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _shtab_ergit; printf "%s\n" "${COMPREPLY[@]}"'
    command = ["bash", "-c", asked, str(scripts["bash"]), *typed]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.stdout.split() == completed, done.stderr


def test_zsh_gets_a_script_that_names_each_command(scripts: dict[str, Path]) -> None:
    text = scripts["zsh"].read_text(encoding="utf-8")
    assert text.startswith("#compdef ergit\n")
    assert [command.name for command in COMMANDS if f"    {command.name}:'" not in text] == []
