from io import StringIO

from django.core.management.base import OutputWrapper

from fiducial.demo.scans import Progress
from fiducial.demo.terminal import Board


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_board_in_a_log_says_each_stage_once():
    log = StringIO()
    board = Board(OutputWrapper(log))
    for sample in (1, 2, 3):
        board.show([Progress(f"drawing sample {sample} of 16", 0.5), Progress("waiting")])
    board.show([Progress("finished", 1.0), Progress("waiting")])
    assert log.getvalue().splitlines() == [
        "  Fine map, 1/16 of the dwell: drawing sample 1 of 16",
        "  Coarse map, one pixel in 16: waiting",
        "  Fine map, 1/16 of the dwell: finished",
    ]


def test_board_on_a_terminal_redraws_its_lines_with_time_left():
    terminal = Terminal()
    board = Board(OutputWrapper(terminal))
    board.show([Progress("predicting", 0.25, 75.0), Progress("waiting")])
    board.show([Progress("predicting", 0.5, 30.0), Progress("waiting")])
    first, second = terminal.getvalue().split("\x1b[2A")
    assert "25%  predicting, about 1 min 15 s left" in first
    assert "50%  predicting, about 30 s left" in second
    assert second.count("\x1b[2K") == 2
