"""Sessions linked together by the commits that were measured in more than one of them."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ergit.analysis.detection.centres import MANY_COMMITS, Centres
from ergit.analysis.detection.observations import BoolArray, IntArray
from ergit.analysis.detection.significance import FloatArray

LEAST_ANCHORS = 2  # commits that two sessions must share: one alone cannot show how well an offset holds
HUBER_LIMIT = 1.5  # standard deviations beyond which an anchor weighs less
FITTING_STEPS = 10
NOISY_SPREAD = 5.0  # times the usual spread from which on, among many commits, a commit counts with its own one
CHANCE_WEIGHT = 3.0  # how much more variance is expected where a commit weighs more since its spread is small by chance


class RunVariance(NamedTuple):
    """Variance that the spread between runs gives a difference, and the degrees of freedom with which it is known."""

    variance: float
    degrees: float


@dataclass(frozen=True)
class LinkedSessions:
    """The comparable part of a study: sessions that anchors link, and what was measured in them.

    `sessions` (s,) are the session numbers; `offsets` (s,) what each adds to log joules, 0 for the first;
    `covariance` (s, s) how uncertain that is. Per commit, in order: `commit` (n,), `log_joules` (n,) free of the
    offsets, its `variance` (n,) from run to run, `run_variance` and `readings`, and `shares` (n, s), the weight that
    each session has in it. `anchors` counts the commits that were measured in several of the sessions. `own_variance`,
    `own_degrees` and `usual_variance` (n,) are those of the centres, `usual_degrees` is how well the usual spread is
    known, and `many` says whether at least `MANY_COMMITS` show it.
    """

    sessions: IntArray
    offsets: FloatArray
    covariance: FloatArray
    anchors: int
    commit: IntArray
    log_joules: FloatArray
    variance: FloatArray
    run_variance: FloatArray
    readings: IntArray
    shares: FloatArray
    own_variance: FloatArray
    own_degrees: FloatArray
    usual_variance: FloatArray
    usual_degrees: float
    many: bool

    def run_variance_of(self, commits: IntArray, weights: FloatArray) -> RunVariance:
        """What the spread between runs gives a sum of commits (k,) with weights (k,), each side's adding up to 1.

        A commit counts with its own spread where that is larger than the usual one (by `NOISY_SPREAD`, if many commits
        show what is usual). Weights that depend on estimated variances make the variance of the sum look smaller than
        it is (Meier 1953, Biometrics 9). Degrees of freedom: Satterthwaite 1946, Biometrics 2, as if all errors of the
        estimates went together.
        """
        own, usual, degrees = self.own_variance[commits], self.usual_variance[commits], self.own_degrees[commits]
        noisy = (own > usual * (NOISY_SPREAD**2 if self.many else 1.0)) & (degrees > 0)
        own, degrees, mine = own[noisy], degrees[noisy], weights[noisy]
        parts = mine**2 * own * (1 + CHANCE_WEIGHT * (1 - mine) / degrees)
        common = float((weights**2 * usual)[~noisy].sum())
        variance = float(parts.sum()) + common
        doubt = math.sqrt(float((parts**2 / degrees).sum())) + common / math.sqrt(max(self.usual_degrees, 1e-9))
        return RunVariance(variance, variance**2 / doubt**2 if doubt > 0 else math.inf)

    def offset_variance(self, difference: FloatArray) -> float:
        """Variance that uncertain offsets add to a difference of two levels, from the difference of their shares."""
        return float(difference @ self.covariance @ difference)


def link_sessions(centres: Centres, anchors: Collection[int] = ()) -> list[LinkedSessions]:
    """The parts of a study that can be compared within themselves, and never with one another.

    Two sessions are linked if they share at least `LEAST_ANCHORS` commits: of `anchors` (positions of commits) if any
    are named, otherwise of all commits.
    """
    sessions = np.unique(centres.session)
    if len(sessions) == 1:
        return [_linked(centres, sessions, np.zeros(len(centres.commit), dtype=bool))]
    repeated = np.bincount(centres.commit)[centres.commit] > 1
    anchoring = repeated & np.isin(centres.commit, list(anchors)) if anchors else repeated
    return [
        _linked(centres, group, anchoring & np.isin(centres.session, group))
        for group in _groups(centres, sessions, anchoring)
    ]


def _groups(centres: Centres, sessions: IntArray, anchoring: BoolArray) -> list[IntArray]:
    """The sessions, split into groups between which there is no chain of shared anchors."""
    present = np.zeros((len(sessions), int(centres.commit.max()) + 1))
    present[np.searchsorted(sessions, centres.session[anchoring]), centres.commit[anchoring]] = 1
    linked = present @ present.T >= LEAST_ANCHORS
    label = np.arange(len(sessions))
    for _ in sessions:  # the smallest label of its neighbours reaches every session of a group
        label = np.where(linked, label, label[:, None]).min(axis=1)
    return [sessions[label == name] for name in np.unique(label)]


def _linked(centres: Centres, sessions: IntArray, anchoring: BoolArray) -> LinkedSessions:
    mine = np.isin(centres.session, sessions)
    column = np.searchsorted(sessions, centres.session)
    shared = anchoring & (
        np.bincount(centres.commit[anchoring], minlength=centres.commit.max() + 1)[centres.commit] > 1
    )
    offsets, covariance = _offsets(centres, column, shared, len(sessions))
    commit, line = np.unique(centres.commit[mine], return_inverse=True)
    weights = _weights(centres.variance[mine])
    table = np.zeros((len(commit), len(sessions)))
    values, variances, counts = table.copy(), table.copy(), table.copy()
    owns, degrees, usuals = table.copy(), table.copy(), table.copy()
    table[line, column[mine]] = weights
    values[line, column[mine]] = centres.log_joules[mine] - offsets[column[mine]]
    variances[line, column[mine]] = centres.variance[mine]
    counts[line, column[mine]] = centres.readings[mine]
    owns[line, column[mine]] = centres.own_variance[mine]
    degrees[line, column[mine]] = centres.own_degrees[mine]
    usuals[line, column[mine]] = centres.usual_variance[mine]
    shares = table / table.sum(axis=1, keepdims=True)
    own = shares**2 * owns
    doubt = np.divide(own**2, degrees, out=np.zeros_like(own), where=degrees > 0).sum(axis=1)
    own_degrees = np.divide(own.sum(axis=1) ** 2, doubt, out=np.zeros(len(doubt)), where=doubt > 0)
    readings = counts.sum(axis=1)
    variance = (shares**2 * variances).sum(axis=1)
    return LinkedSessions(
        sessions=sessions,
        offsets=offsets,
        covariance=covariance,
        anchors=len(np.unique(centres.commit[shared])),
        commit=commit,
        log_joules=(shares * values).sum(axis=1),
        variance=variance,
        run_variance=variance * readings,
        readings=readings.astype(np.int64),
        shares=shares,
        own_variance=own.sum(axis=1),
        own_degrees=own_degrees,
        usual_variance=(shares**2 * usuals).sum(axis=1),
        usual_degrees=float(degrees.sum()),
        many=len(commit) >= MANY_COMMITS,
    )


def _weights(variance: FloatArray) -> FloatArray:
    """Inverse variances; all 1 where some reading came without any spread."""
    weights: FloatArray = 1 / variance if (variance > 0).all() else np.ones(len(variance))
    return weights


def _offsets(centres: Centres, column: IntArray, shared: BoolArray, sessions: int) -> tuple[FloatArray, FloatArray]:
    """Offset of each session to the first (s,), and their covariance (s, s), from the anchors.

    Least squares of log joules = commit + session over the anchors, the commits eliminated, with Huber's weights
    (Huber 1981, Robust Statistics, 7.8). The scatter of the anchors around the fit scales the covariance, if it is
    larger than their readings explain: sessions differ from commit to commit, too.
    """
    if sessions == 1:
        return np.zeros(1), np.zeros((1, 1))
    value, variance = centres.log_joules[shared], centres.variance[shared]
    session = column[shared]
    commit = np.unique(centres.commit[shared], return_inverse=True)[1]
    base = _weights(variance)
    weights, scatter = base, 1.0
    free = len(value) - commit.max() - sessions
    for _ in range(FITTING_STEPS):
        table = np.zeros((commit.max() + 1, sessions))
        table[commit, session] = weights
        total = table.sum(axis=1)
        normal = np.diag(table.sum(axis=0)) - table.T @ (table / total[:, None])
        sums = np.bincount(commit, weights * value)
        right = np.bincount(session, weights * value, minlength=sessions) - table.T @ (sums / total)
        inverse = np.linalg.pinv(normal, hermitian=True)
        offsets = inverse @ right
        level = np.bincount(commit, weights * (value - offsets[session])) / total
        residual = value - offsets[session] - level[commit]
        scatter = float((weights * residual**2).sum()) / max(1, free)
        away = np.abs(residual) * np.sqrt(base / max(scatter, 1e-30))
        weights = base * np.minimum(1.0, HUBER_LIMIT / np.maximum(away, HUBER_LIMIT))
    floor = 1.0 if (variance > 0).all() else 0.0
    contrast = np.eye(sessions)
    contrast[:, 0] -= 1  # every offset is measured from that of the first session
    return contrast @ offsets, contrast @ inverse @ contrast.T * max(scatter, floor)
