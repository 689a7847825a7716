"""The way frames are refused that a program must tell apart."""

from fiducial.errors import Refused


class Closed(Refused):
    """The scan takes no more frames."""
