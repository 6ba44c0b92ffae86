"""Each commit against the one before it."""

import numpy as np

from ergit.analysis.detection.detect import PartResult
from ergit.analysis.detection.differences import Difference, difference_with_runs
from ergit.analysis.detection.noise import degrees_of_difference


def neighbour_differences(part: PartResult) -> list[Difference]:
    """How much each commit of a part, from the second on, takes more than the one before it.

    Builds of the same source differ too: that is in the standard error, so such builds count as the same.
    """
    linked = part.linked
    differences = np.diff(linked.log_joules)
    shares = np.diff(linked.shares, axis=0)
    variance = part.variance[1:] + part.variance[:-1] + np.einsum("ij,jk,ik->i", shares, linked.covariance, shares)
    degrees = degrees_of_difference(1, part.degrees, part.noise.degrees)
    return [
        difference_with_runs(linked, size, noise, degrees, np.array([index, index + 1]), np.ones(2))
        for index, (size, noise) in enumerate(zip(differences.tolist(), variance.tolist(), strict=True))
    ]
