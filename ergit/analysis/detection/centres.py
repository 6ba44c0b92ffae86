"""The centre of the readings of each commit in each session, robust to outliers, cold first runs and lost runs."""

from dataclasses import dataclass

import numpy as np

from ergit.analysis.detection.observations import IntArray, Observations
from ergit.analysis.detection.significance import FloatArray

NORMAL_MAD = 1.4826  # the standard deviation of a normal distribution in units of its median absolute deviation
BIWEIGHT_REACH = 7.0  # readings farther from the centre than this many standard deviations weigh nothing
BIWEIGHT_STEPS = 10
PLAUSIBLE_SPREAD = 2.0  # up to this many times the usual spread, a commit's own spread is thought to be chance
SMALL_SAMPLES = (1.0, 1.0, 1.196, 1.495, 1.363, 1.206, 1.2, 1.14, 1.129, 1.107)  # correct spreads of few readings
MANY_COMMITS = 50  # commits that show well enough which spread is usual, and so which reading is an outlier
DEGREES_OF_READING = 0.7  # degrees of freedom that each reading after the first gives the spread around a robust centre
LEAST_COMPLETE = 20  # commits with all their readings, below which effects of the run's position are not estimated
LEAST_READINGS = 3  # readings of a commit for the same


@dataclass(frozen=True)
class Centres:
    """One entry for each commit and session in which it was measured, in the order of commits, then sessions.

    `log_joules` is the natural logarithm of the central energy; `variance` is the square of its standard error as far
    as the spread between runs goes, which commits share unless theirs is far larger; `run_variance` is the variance of
    one run. `own_variance` is that squared standard error from the commit's own spread alone, known with `own_degrees`
    of freedom; `usual_variance` is the one from the usual spread.
    """

    commit: IntArray
    session: IntArray
    log_joules: FloatArray
    variance: FloatArray
    run_variance: FloatArray
    readings: IntArray
    own_variance: FloatArray
    own_degrees: FloatArray
    usual_variance: FloatArray


def centres(observations: Observations) -> Centres:
    """The centres of all commits in all sessions; effects of the run's position are removed within each session."""
    parts = [
        _session_centres(observations, session, np.flatnonzero(observations.session == session))
        for session in np.unique(observations.session)
    ]
    joined = Centres(*(np.concatenate([getattr(part, name) for part in parts]) for name in Centres.__annotations__))
    order = np.lexsort((joined.session, joined.commit))
    return Centres(*(getattr(joined, name)[order] for name in Centres.__annotations__))


def _session_centres(observations: Observations, session: int, rows: IntArray) -> Centres:
    commits, first, counts = np.unique(observations.commit[rows], return_index=True, return_counts=True)
    line = np.repeat(np.arange(len(commits)), counts)
    logarithms = np.log(observations.joules[rows])
    if observations.slot is None:
        matrix = np.full((len(commits), counts.max()), np.nan)
        matrix[line, np.arange(len(rows)) - np.repeat(first, counts)] = logarithms
        matrix = _without_position_effects(matrix, counts)
    else:
        slots, column = np.unique(observations.slot[rows], return_inverse=True)
        matrix = np.full((len(commits), len(slots)), np.nan)
        matrix[line, column] = logarithms
        matrix = _without_slot_effects(matrix, counts)
    centre, scale = robust_centres(matrix, counts)
    own, degrees = own_variances(matrix - centre[:, None], counts, scale)
    return Centres(
        commit=commits,
        session=np.full(len(commits), session),
        log_joules=centre,
        variance=scale**2 / counts,
        run_variance=scale**2,
        readings=counts,
        own_variance=own / counts,
        own_degrees=degrees,
        usual_variance=float(scale.min()) ** 2 / counts,
    )


def row_medians(matrix: FloatArray, counts: IntArray) -> FloatArray:
    """The median of each row (n × m, padded with NaN), of which `counts` (n,) values are there."""
    ordered = np.sort(matrix, axis=1)  # NaN goes last
    rows = np.arange(len(matrix))
    middle: FloatArray = (ordered[rows, (counts - 1) // 2] + ordered[rows, counts // 2]) / 2
    return middle


def _position_effects(matrix: FloatArray) -> FloatArray:
    """What the readings in each column have in common, relative to the middle of the columns; shape (m,).

    Rows and columns are swept by their medians in turn (Tukey 1977, Exploratory Data Analysis, median polish).
    """
    counts = np.isfinite(matrix).sum(axis=1)
    effects = np.zeros(matrix.shape[1])
    for _ in range(3):
        rest = matrix - effects
        rest -= row_medians(rest, counts)[:, None]
        effects += row_medians(rest.T, np.isfinite(rest).sum(axis=0))
    return effects - np.median(effects)


def _without_slot_effects(matrix: FloatArray, counts: IntArray) -> FloatArray:
    complete = int((counts == matrix.shape[1]).sum())
    if complete < LEAST_COMPLETE or matrix.shape[1] < LEAST_READINGS:
        return matrix
    return matrix - _position_effects(matrix)


def _without_position_effects(matrix: FloatArray, counts: IntArray) -> FloatArray:
    """The same where it is not known which runs are missing: it is taken to be one block, where that fits best."""
    usual = int(np.bincount(counts).argmax())
    complete = counts == usual
    if usual < LEAST_READINGS or complete.sum() < LEAST_COMPLETE:
        return matrix
    effects = _position_effects(matrix[complete, :usual])
    result = matrix.copy()
    result[complete, :usual] -= effects
    for count in np.unique(counts[counts < usual]):
        rows = np.flatnonzero(counts == count)
        gap = usual - count
        profiles = np.array([np.delete(effects, slice(start, start + gap)) for start in range(count + 1)])
        fits = matrix[rows, :count] - profiles[:, None, :]
        misfit = np.abs(fits - np.median(fits, axis=2, keepdims=True)).sum(axis=2)
        result[rows, :count] = fits[misfit.argmin(axis=0), np.arange(len(rows))]
    return result


def robust_centres(matrix: FloatArray, counts: IntArray) -> tuple[FloatArray, FloatArray]:
    """Tukey's biweight centre of each row (n × m, padded with NaN), and the standard deviation of one of its readings.

    From a few readings a commit's own spread is mostly chance, so all rows share the median one unless theirs is far
    larger. Biweight: Beaton and Tukey 1974, Technometrics 16; its step: Huber 1981, Robust Statistics, 7.8; the spread
    of few readings is corrected as in Croux and Rousseeuw 1992, Computational Statistics 1, where the scatter of many
    commits does not show the noise anyway.
    """
    centre = row_medians(matrix, counts)
    spread = NORMAL_MAD * row_medians(np.abs(matrix - centre[:, None]), counts)
    if len(counts) < MANY_COMMITS:
        few = np.minimum(counts, len(SMALL_SAMPLES) - 1)
        spread *= np.where(counts < len(SMALL_SAMPLES), np.array(SMALL_SAMPLES)[few], counts / (counts - 0.8))
    positive = spread[spread > 0]
    usual = float(np.median(positive)) if len(positive) else 0.0
    scale = np.maximum(usual, spread / PLAUSIBLE_SPREAD)
    if usual > 0:
        for _ in range(BIWEIGHT_STEPS):
            away = (matrix - centre[:, None]) / (BIWEIGHT_REACH * scale[:, None])
            weights = np.where(np.abs(away) < 1, (1 - away**2) ** 2, 0.0)
            steps = np.where(weights > 0, weights * (matrix - centre[:, None]), 0.0)
            centre = centre + steps.sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9)
    return centre, scale


def own_variances(deviations: FloatArray, counts: IntArray, scale: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The variance of one reading of each row around its centre, and its degrees of freedom, from that row alone.

    `deviations` (n × m) from the centres are padded with NaN. What lies beyond the biweight's reach is left out as an
    outlier where at least `MANY_COMMITS` rows show which spread is usual. Among fewer it may as well be the spread of
    that row, and counts as if it lay at the reach.
    """
    reach = BIWEIGHT_REACH * scale[:, None]
    away = np.abs(np.nan_to_num(deviations))
    if len(counts) < MANY_COMMITS:
        counted, squares = counts, np.minimum(away, reach) ** 2
    else:
        inside = np.isfinite(deviations) & (away < reach)
        counted, squares = inside.sum(axis=1), np.where(inside, away, 0.0) ** 2
    return squares.sum(axis=1) / np.maximum(counted - 1, 1), DEGREES_OF_READING * np.maximum(counted - 1.0, 0.0)
