"""The interface of a stage: one step of a pipeline that does one thing and hands on through a context.

docs/stages.md says how to write one in a file of your own.
"""

from abc import ABC, abstractmethod
from typing import Generic, Literal, TypeVar

Context = TypeVar("Context", contravariant=True)

Kind = Literal["pre", "pre-test", "batch"]


class PipelineStage(ABC, Generic[Context]):
    """One step of a pipeline.

    The stages of a list run one after the other with the same context, in which each finds what those before it have
    left. Once the context says that the work has failed, only the stages that run after a failure still run.

    The stages that ergit brings work with a context of a type of their own. Those of a study's files work with a
    `dict[str, Any]` and run each in a process of its own; their class sets the attributes below as it needs them.
    """

    name: str
    """How the stage is called in lists, in logs and in errors. A stage of a study is called like its file."""
    kind: Kind = "pre-test"
    """When it runs: `pre` once per run that measures, `pre-test` once per commit, `batch` around each measured run."""
    after_build: bool = False
    """Whether a `pre-test` stage runs after the build commands instead of before them."""
    before: str | None = None
    """The stage right before which a `batch` stage runs; None, and no `after`: it is the first of them."""
    after: str | None = None
    """The stage right after which a `batch` stage runs."""
    runs_after_failure: bool = False
    """Whether a `batch` stage also runs where one before it has failed: it gives back what that one took."""
    timeout_seconds: float = 600
    """The time limit of the stage and all that it starts."""

    @abstractmethod
    def run(self, context: Context) -> None:
        """Does the stage's one thing.

        Raises:
            ErgitError: something is wrong with the machine or the settings; nothing is recorded then.
        """
