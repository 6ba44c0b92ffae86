"""The interface of a stage: one step of a pipeline that does one thing and hands on through a context."""

from abc import ABC, abstractmethod
from typing import ClassVar, Generic, TypeVar

Context = TypeVar("Context", contravariant=True)


class PipelineStage(ABC, Generic[Context]):
    """One step of a pipeline.

    The stages of a list run one after the other with the same context, in which each finds what those before it have
    left. Once the context says that the work has failed, only the stages that run after a failure still run.
    """

    name: ClassVar[str]
    """How the stage is called in lists, in logs and in errors."""
    runs_after_failure: ClassVar[bool] = False
    """Whether it also runs where a stage before it has failed: it gives back what that one took."""

    @abstractmethod
    def run(self, context: Context) -> None:
        """Does the stage's one thing.

        Raises:
            ErgitError: something is wrong with the machine or the settings; nothing is recorded then.
        """
