"""Sessions with and without commits in common."""

import numpy as np
import pytest

from ergit.analysis.detection.centres import Centres
from ergit.analysis.detection.sessions import link_sessions


def measured(*entries: tuple[int, int, float]) -> Centres:
    """Centres of (commit, session, log joules), each from five readings with a standard error of 0.002."""
    commit, session, value = zip(*sorted(entries), strict=True)
    size = len(entries)
    return Centres(
        np.array(commit),
        np.array(session),
        np.array(value, dtype=float),
        np.full(size, 4e-6),
        np.full(size, 2e-5),
        np.full(size, 5),
        np.full(size, 4e-6),
        np.full(size, 3.2),
        np.full(size, 4e-6),
    )


def test_sessions_without_a_shared_commit_are_parts_of_their_own() -> None:
    parts = link_sessions(measured((0, 0, 1.0), (1, 0, 1.0), (2, 1, 5.0), (3, 1, 5.0)))
    assert [part.commit.tolist() for part in parts] == [[0, 1], [2, 3]]


def test_one_shared_commit_links_nothing_and_belongs_to_both() -> None:
    parts = link_sessions(measured((0, 0, 1.0), (1, 0, 1.0), (1, 1, 5.0), (2, 1, 5.0)))
    assert [part.commit.tolist() for part in parts] == [[0, 1], [1, 2]]


def test_anchors_give_the_offset_and_its_uncertainty() -> None:
    old = [(commit, 0, 1.0 + 0.001 * (commit % 2)) for commit in range(6)]
    new = [(commit, 1, 1.3 + 0.001 * (commit % 3)) for commit in range(3, 10)]
    (part,) = link_sessions(measured(*old, *new))
    assert part.anchors == 3
    assert part.offsets == pytest.approx([0.0, 0.3], abs=0.002)
    assert 0.001 < part.covariance[1, 1] ** 0.5 < 0.01
    assert part.log_joules == pytest.approx(np.full(10, 1.0), abs=0.003)


def test_a_difference_within_a_session_owes_nothing_to_the_offset_and_one_across_does() -> None:
    (part,) = link_sessions(measured(*[(c, 0, 1.0) for c in range(4)], *[(c, 1, 1.3) for c in range(2, 6)]))
    within = part.shares[1] - part.shares[0]
    across = part.shares[5] - part.shares[0]
    assert part.offset_variance(within) == pytest.approx(0.0, abs=1e-15)
    assert part.offset_variance(across) == pytest.approx(part.covariance[1, 1])


def test_scattered_anchors_make_the_offset_less_certain() -> None:
    calm = [(c, 1, 1.3) for c in range(6)]
    wild = [(c, 1, 1.3 + 0.05 * (-1) ** c) for c in range(6)]
    base = [(c, 0, 1.0) for c in range(6)]
    certain, uncertain = (link_sessions(measured(*base, *entries))[0].covariance[1, 1] for entries in (calm, wild))
    assert uncertain > 20 * certain


def test_named_anchors_alone_link() -> None:
    centres = measured(*[(c, 0, 1.0) for c in range(6)], *[(c, 1, 1.3) for c in range(6)])
    assert len(link_sessions(centres, {0})) == 2
    assert link_sessions(centres, {0, 5})[0].anchors == 2


def test_sessions_are_linked_through_a_third() -> None:
    first = [(c, 0, 1.0) for c in range(4)]
    middle = [(c, 1, 2.0) for c in range(2, 8)]
    last = [(c, 2, 4.0) for c in range(6, 10)]
    (part,) = link_sessions(measured(*first, *middle, *last))
    assert part.offsets == pytest.approx([0.0, 1.0, 3.0])
    assert part.covariance[2, 2] > part.covariance[1, 1] > 0
