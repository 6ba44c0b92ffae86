"""Readings of other tools: rows, counts, and a whole study made of them, without anything built or measured."""

import json
from pathlib import Path

import pytest
import yaml

from ergit.config.reading import read_config
from ergit.errors import ErgitError
from ergit.git.runner import git_in
from ergit.importing.files import ImportedFile, joules_of, matching, read_file, sentences
from ergit.importing.table import import_record, imported_rows, missing_commits
from tests.fakes.needs import SHARED, needs_shared
from tests.fakes.repositories import Repository
from tests.fakes.studies import planned, snakemake, table
from tests.fakes.tables import commit_row

DATA = SHARED / "data"
A, B, C = "a" * 40, "b" * 40, "c" * 40
CHOSEN = {sha: commit_row(order, commit=sha) for order, sha in enumerate((A, B))}


def imported(tmp_path: Path, content: bytes, name: str = "raw.csv") -> ImportedFile:
    """What is read from a file with this content."""
    (tmp_path / name).write_bytes(content)
    return read_file(tmp_path / name)


@pytest.mark.parametrize(
    "content",
    [
        f"{A},1.5\n{B},2\n",
        f"{A},1.5\r\n{B},2\r\n",
        f"\ufeff{A},1.5\n{B},2",
        f'"{A}","1.5"\n\n"{B}","2"\n',
        f"{A.upper()} , 1.5\n '{B}', 2 \n",
    ],
)
def test_line_ends_marks_and_quotes_do_not_matter(tmp_path: Path, content: str) -> None:
    found = imported(tmp_path, content.encode())
    assert [(run.commit, run.joules, run.reason) for run in found.runs] == [
        (A, {"package": 1.5}, None),
        (B, {"package": 2.0}, None),
    ]
    assert found.stray == ()


def test_four_columns_are_package_core_and_uncore(tmp_path: Path) -> None:
    found = imported(tmp_path, f"{A},89.12,68.13,0.00\n{A},89,None,-1\n".encode())
    assert found.runs[0].joules == {"package": 89.12, "core": 68.13, "uncore": 0.0}
    assert (found.runs[1].joules, found.runs[1].flags) == ({"package": 89.0}, ("no-core", "no-uncore"))


@pytest.mark.parametrize(
    "cell",
    [
        "None",
        "event",
        "",
        "nan",
        "inf",
        "-3",
        "0",
        "<not counted>",
        "1,5",
        "\x00",
        "1_000",
        "٣٤",
        "１２",
        "0x1F",
        "1e999",
        "+-3",
        "1 000",
    ],
)
def test_what_is_no_energy_stays_as_a_row_with_the_reason_and_its_place(tmp_path: Path, cell: str) -> None:
    found = imported(tmp_path, f"{A},1\n{A},{cell}\n{A},3\n".encode())
    table = imported_rows([found], CHOSEN)
    assert [row.status for row in table] == ["ok", "not-counted", "ok"]
    assert [row.repeat for row in table] == [1, 2, 3]
    assert table[1].energy_package_joules is None
    assert "raw.csv, line 2" in str(table[1].reason)
    assert import_record([found], CHOSEN, []).files[0].without_joules == 1


@pytest.mark.parametrize(("cell", "joules"), [("12", 12.0), ("+1.5e3", 1500.0), (".5", 0.5), ("7.", 7.0), ("0", 0.0)])
def test_numbers_are_read_as_they_are_written(cell: str, joules: float) -> None:
    assert joules_of(cell) == joules


def test_a_row_without_a_commit_and_a_quote_left_open_are_counted_and_take_no_other_row_with_them(
    tmp_path: Path,
) -> None:
    found = imported(tmp_path, f'commit,joules\n{A},1\nevent,"2\n\xff,3\n{A[:10]},4\n{B},5\n'.encode("latin-1"))
    assert [run.commit for run in found.runs] == [A, B]
    report = " ".join(sentences(import_record([found], CHOSEN, [])))
    assert "6 rows in 1 file imported: 2 readings" in report
    assert "4 rows left out because they do not begin with a full SHA" in report
    assert "line 1: commit,joules" in report


def test_each_file_is_a_session_and_the_runs_of_a_commit_are_its_repeats_in_their_order(tmp_path: Path) -> None:
    files = [
        imported(tmp_path, f"{B},1\n{A},2\n{B},3\n".encode(), "one.csv"),
        imported(tmp_path, f"{A},4\n{A},5\n".encode(), "two.csv"),
    ]
    table = [
        (row.commit[0], Path(str(row.session)).name, row.round, row.repeat, row.energy_package_joules)
        for row in imported_rows(files, CHOSEN)
    ]
    assert table == [
        ("a", "one.csv", 1, 1, 2.0),
        ("a", "two.csv", 2, 1, 4.0),
        ("a", "two.csv", 2, 2, 5.0),
        ("b", "one.csv", 1, 1, 1.0),
        ("b", "one.csv", 1, 2, 3.0),
    ]


def test_rows_of_commits_that_are_unknown_or_not_selected_are_counted_apart(tmp_path: Path) -> None:
    found = imported(tmp_path, f"{A},1\n{C},2\n{C},None\n{'d' * 40},3\n".encode())
    record = import_record([found], CHOSEN, {"d" * 40})
    assert record.not_selected == {C: 2}
    assert record.unknown == {"d" * 40: 1}
    counts = record.files[0]
    assert (counts.rows, counts.readings, counts.not_selected, counts.unknown) == (4, 1, 2, 1)
    assert "2 rows left out, of 1 commit which `commits` of the config does not select: cccccccccc" in sentences(record)


def test_patterns_name_each_file_once_and_one_that_matches_nothing_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "work").mkdir()
    for name in ("b.csv", "a.csv", "odd[1].csv"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path / "work")
    found = matching(["../odd[1].csv", "../*.csv", str(tmp_path / "a.c*")])
    assert [str(path) for path in found] == ["../odd[1].csv", "../a.csv", "../b.csv", str(tmp_path / "a.csv")]
    with pytest.raises(ErgitError, match=r"imported: 'sessions/\*\.csv' matches no file"):
        matching(["sessions/*.csv"])
    with pytest.raises(ErgitError, match=r"imported: '\.\./w\*' matches only folders"):
        matching(["../w*"])


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ErgitError, match=r"gone\.csv cannot be read: No such file or directory"):
        read_file(tmp_path / "gone.csv")


def test_a_workload_is_needed_unless_readings_are_imported() -> None:
    study = {"repository": {"url": "."}, "commits": ["HEAD"]}
    assert read_config(study | {"imported": ["raw.csv"]}).imported == ("raw.csv",)
    for ordinary in (study, study | {"imported": []}):
        with pytest.raises(ErgitError, match="workload"):
            read_config(ordinary)


def history(repository: Repository, steps: int) -> list[str]:
    """SHAs of that many commits on main; after the first there is one more on a branch that was never merged."""
    shas = [repository.commit("0", a__txt="0")]
    repository.git("switch", "--quiet", "--create", "aside")
    shas.append(repository.commit("aside", b__txt="1"))
    repository.git("switch", "--quiet", "main")
    return shas + [repository.commit(str(number), a__txt=str(number)) for number in range(1, steps)]


def test_a_commit_that_the_repository_does_not_have_is_told_from_one_that_it_has(repository: Repository) -> None:
    sha = repository.commit("one", a="1")
    with git_in(repository.path) as git:
        assert missing_commits(git, [sha, A, repository.git("rev-parse", "HEAD^{tree}")]) == {
            A,
            repository.git("rev-parse", "HEAD^{tree}"),
        }
        assert missing_commits(git, []) == set()


def test_a_study_is_made_of_imported_readings_and_nothing_is_built_or_measured(
    repository: Repository, tmp_path: Path
) -> None:
    shas = history(repository, steps=30)
    work = tmp_path / "work"
    (work / "config").mkdir(parents=True)
    joules = {sha: 100 + (20 if position > 20 else 0) for position, sha in enumerate(shas)}
    noise = (0.0, 0.4, -0.3, 0.1, -0.2)
    lines = [f"{sha},{joules[sha] + delta}" for delta in noise for sha in reversed(shas)]
    (work / "raw.csv").write_text("\r\n".join([*lines, f"{shas[3]},None", f"{A},1", "event,2"]) + "\r\n")
    config = {
        "repository": {"url": "../project"},
        "commits": {},  # every commit that has readings, also the one that was never merged
        "imported": ["*.csv"],
        "measure": {"source": "powercap", "powercap": "/nowhere"},
    }
    (work / "config/config.yaml").write_text(yaml.safe_dump(config))
    done = snakemake(work)
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    assert "158 rows in 1 file imported: 155 readings, 1 row without joules" in printed
    rows = table(work)
    assert [row["commit"] for row in rows if row["repeat"] == "1"] == shas
    assert [row["status"] for row in rows].count("not-counted") == 1
    assert {(row["kind"], row["source"], row["host"], row["session"]) for row in rows} == {
        ("measured", "imported", "imported", "raw.csv")
    }
    record = json.loads((work / "results/changes.json").read_text())
    assert [(change["commit"], change["direction"]) for change in record["changes"]] == [(shas[21], "increase")]
    assert [(one["commit"], one["left"], one["differs"]) for one in record["side"]] == [(shas[1], shas[0], False)]
    context = json.loads((work / "results/context.json").read_text())
    assert context["changes"][0]["differs"]["kinds"] == ["program"]
    summary = (work / "results/summary.md").read_text()
    assert "1 commit with readings is not in the first-parent history of the branch." in summary
    assert "1 row left out, of 1 commit which the repository does not have: aaaaaaaaaa" in summary
    assert "1 row left out because it does not begin with a full SHA: raw.csv, line 158: event,2" in summary
    assert "make retry" not in summary
    assert (work / "results/failed.txt").read_text() == ""
    assert not (work / "results/build").exists()
    assert planned(work) == {}
    assert (work / "results/plots/evolution.svg").stat().st_size > 1000


def test_a_file_of_another_project_is_an_error_that_says_so(repository: Repository, tmp_path: Path) -> None:
    repository.commit("one", a="1")
    work = tmp_path / "work"
    (work / "config").mkdir(parents=True)
    (work / "raw.csv").write_text(f"{A},1\n")
    config = {"repository": {"url": "../project"}, "commits": ["main"], "imported": ["raw.csv"]}
    (work / "config/config.yaml").write_text(yaml.safe_dump(config))
    done = snakemake(work)
    assert done.returncode != 0
    assert "no row is of a commit of this study" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr + done.stdout


@needs_shared
@pytest.mark.parametrize(
    ("file", "count"),
    [
        ("jsoup/raw.csv", 34275),
        ("fastexcel/raw.csv", 8070),
        ("univocity-parsers/raw.csv", 24390),
        ("jsoup/sorted.csv", 34275),
    ],
)
def test_published_data_loads_unchanged(file: str, count: int) -> None:
    found = read_file(DATA / file)
    assert len(found.runs) == count
    assert found.stray == ()
    assert all(run.reason is None for run in found.runs)


@needs_shared
def test_published_data_of_four_columns_loads_unchanged() -> None:
    found = read_file(DATA / "xz-four-columns.csv")
    assert found.runs
    assert all(set(run.joules) == {"package", "core", "uncore"} for run in found.runs)
