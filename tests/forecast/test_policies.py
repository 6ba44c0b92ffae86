"""The part `plan` of the config, in the words of the forecast."""

from pathlib import Path

from ergit.config.settings import PlanSettings
from ergit.forecast.policies import in_words
from ergit.planning.batches import batched
from ergit.planning.requests import pause
from ergit.records.plan import RoundsPlan
from ergit.records.spent import Spent, write_spent

PLAN = RoundsPlan(rounds=dict.fromkeys("abcdefg"))


def test_jobs_that_simply_run_need_no_words(tmp_path: Path) -> None:
    assert in_words(PlanSettings(), PLAN, tmp_path, "package") == ()


def test_each_policy_has_a_phrase(tmp_path: Path) -> None:
    write_spent(tmp_path / "spent.json", Spent(jobs=4, seconds=5400, joules=1234.5))
    settings = PlanSettings(
        batch=3,
        anchors=("a", "g"),
        newest_first=True,
        windows=("22:00-06:00", "weekends"),
        build_while_hot=True,
        budget_hours=100,
        budget_joules=2e6,
    )
    assert in_words(settings, batched(PLAN.rounds, 3, ["a", "g"]), tmp_path, "package") == (
        "2 batches of at most 3 beside 2 anchors, the newest first",
        "readings at 22:00-06:00, weekends only",
        "builds while the CPU is too hot",
        "until 100 h are spent, 1.5 h so far",
        "until 2 MJ are spent, 1.23 kJ so far",
    )


def test_a_pause_is_told(tmp_path: Path) -> None:
    pause(tmp_path)
    (phrase,) = in_words(PlanSettings(), PLAN, tmp_path, "package")
    assert phrase.startswith("paused by ")
    assert phrase.endswith("until `ergit resume`")
