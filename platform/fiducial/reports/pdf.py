"""The printed report, where the system can print: WeasyPrint needs the library Pango."""

import logging

MISSING = (
    "There is no PDF of this report: the machine that sealed it has no Pango, the library that "
    "sets its type (Debian: libpango-1.0-0 and libpangoft2-1.0-0). The HTML holds everything, and "
    "any browser prints it."
)

log = logging.getLogger(__name__)


def printed(html: str) -> bytes | None:
    """The report as PDF; None where Pango cannot be loaded."""
    try:
        # Only here: the import loads system libraries and takes a second.
        from weasyprint import HTML
    except OSError as missing:
        log.info("No PDF: %s", missing)
        return None
    return HTML(string=html, base_url=None).write_pdf()
