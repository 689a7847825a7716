"""The ways an upload can be refused that a program must tell apart; each carries its sentence."""

from fiducial.errors import Refused

from .models import Measurement


class TooLarge(Refused):
    """More bytes or files than the portal takes."""


class DiskFull(Refused):
    """No room on the server; what arrived so far is kept."""


class OverQuota(Refused):
    """The lab has no room left in the store; what arrived so far is kept."""


class HashMismatch(Refused):
    """A part arrived other than it was sent."""


class Incomplete(Refused):
    """Parts are still missing."""


class Duplicate(Refused):
    """The same content is in the project already, as `existing`."""

    def __init__(self, sentence: str, existing: Measurement):
        super().__init__(sentence)
        self.existing = existing
