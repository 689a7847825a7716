"""How a reader says what is wrong."""

from workers.measurement import Problem


class ReadError(Exception):
    """These files cannot be read; `problem` says what is wrong, where, and what to do.

    `content` is what they hold where that is plain although they cannot be read ("events"), so that
    a page can ask for what such files need.
    """

    def __init__(self, problem: Problem, content: str | None = None) -> None:
        super().__init__(f"{problem.where}: {problem.what} {problem.do}")
        self.problem, self.content = problem, content


class NotAMapError(ReadError):
    """One file that is no map (a text beside the maps, a picture): left out when others are."""


def refusal(where: str, what: str, do: str) -> ReadError:
    """The error that refuses the whole selection."""
    return ReadError(Problem("refused", where, what, do))


def not_a_map(where: str, what: str, do: str = "Select the exported element maps.") -> NotAMapError:
    """The error that leaves one file out, and refuses the selection if nothing else is in it."""
    return NotAMapError(Problem("refused", where, what, do))
