"""Drawing windows, taking their rescans, choosing where to look next."""

from .announcing import announce, complete
from .choosing import choose
from .placing import draw

__all__ = ["announce", "choose", "complete", "draw"]
