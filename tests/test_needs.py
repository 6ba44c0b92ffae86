"""What tests may be skipped for."""

from tests.fakes.needs import skips_not_allowed


def test_a_skip_for_want_of_what_can_be_installed_is_not_allowed_with_all_extras() -> None:
    assert skips_not_allowed(["Skipped: needs perf (Debian: linux-perf)"]) == [
        "Skipped: needs perf (Debian: linux-perf)"
    ]


def test_a_skip_for_shared_data_another_user_or_hardware_is_allowed() -> None:
    reasons = [
        "Skipped: the published data is not beside this checkout (../shared)",
        "Skipped: needs another user than root, who may read everything",
        "Skipped: no right to count events on CPU 0 (Operation not supported)",
    ]
    assert skips_not_allowed(reasons) == []
