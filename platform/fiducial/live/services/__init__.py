"""Opening a scan for frames, taking them, closing it: each call checks and writes, or refuses."""

from .closing import close, sweep
from .opening import Opening, open_scan
from .previewing import preview
from .receiving import Taken, receive

__all__ = ["Opening", "Taken", "close", "open_scan", "preview", "receive", "sweep"]
