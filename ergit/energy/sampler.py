"""Reads of a set of counters at both edges of a window and, in a long one, at moments between them."""

import threading
from abc import ABC
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import NamedTuple

from ergit.energy.source import Read, Source

SAMPLE_SECONDS = 1.0
"""How often a window is sampled: a jump of a counter is then judged by the power of a second, not of a whole window."""

KEPT_SECONDS = 10.0
"""How far apart samples are that are kept in the record, besides those that show something odd."""


class Sample(NamedTuple):
    """What reading each counter gave, and the clock's seconds before the first read and after the last."""

    began: float
    ended: float
    reads: list[Read]

    @property
    def seconds(self) -> float:
        """The middle of the two."""
        return (self.began + self.ended) / 2


class Sampler:
    """Samples of the latest window, in `samples`.

    A thread, asleep since the sampler was made, wakes every `sample_seconds` and reads the counters if a window is
    open. The edges neither start nor wake it.
    """

    def __init__(self, read_all: Callable[[], list[Read]], clock: Callable[[], float], sample_seconds: float) -> None:
        """`read_all` reads each counter, always in the same order, so that all of them span windows of one length."""
        self.samples: list[Sample] = []
        self._read_all = read_all
        self._clock = clock
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._window_is_open = False
        self._thread = threading.Thread(
            target=self._sample_now_and_then, args=(sample_seconds,), name="counter sampler", daemon=True
        )
        self._thread.start()

    def start(self) -> None:
        """Reads each counter for the first time of a window."""
        with self._lock:
            self.samples = [self._sample()]
            self._window_is_open = True

    def sample(self) -> None:
        """Reads each counter once more if a window is open."""
        with self._lock:
            if self._window_is_open:
                self.samples.append(self._sample())

    def stop(self) -> None:
        """Reads each counter for the last time of the window."""
        with self._lock:
            self.samples.append(self._sample())
            self._window_is_open = False

    def close(self) -> None:
        """Ends the thread."""
        self._closed.set()
        self._thread.join()

    def _sample(self) -> Sample:
        began = self._clock()
        reads = self._read_all()
        return Sample(began, self._clock(), reads)

    def _sample_now_and_then(self, sample_seconds: float) -> None:
        while not self._closed.wait(sample_seconds):
            self.sample()


class SampledSource(Source, ABC):
    """A source whose counters stay open, and are read by a sampler; the class makes `_sampler` and `_files`."""

    _sampler: Sampler
    _files: ExitStack  # closes the counters

    def start(self) -> None:
        """Reads each counter."""
        self._sampler.start()

    def sample(self) -> None:
        """Reads each counter once more if a window is open."""
        self._sampler.sample()

    def stop(self) -> None:
        """Reads each counter for the last time of this window."""
        self._sampler.stop()

    def close(self) -> None:
        """Ends the sampler and closes the counters."""
        self._sampler.close()
        self._files.close()


def kept_samples(times: Sequence[float], odd: Sequence[int] = ()) -> list[int]:
    """Indices of the samples between the edges that are kept: one in ten seconds, and those beside `odd` ones."""
    beside = {index + offset for index in odd for offset in (-2, -1, 0, 1)}
    kept: list[int] = []
    latest = times[0]
    for index in range(1, len(times) - 1):
        if index in beside or times[index] - latest >= KEPT_SECONDS:
            kept.append(index)
            latest = times[index]
    return kept
