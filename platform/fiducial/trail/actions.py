"""Everything that is written into the trail, and the words it is shown in."""

ACTIONS: dict[str, str] = {
    "lab.opened": "opened the lab",
    "lab.invited": "invited",
    "lab.role": "changed the role of",
    "lab.removed": "removed from the lab",
    "project.opened": "opened the project",
    "measurement.uploaded": "uploaded",
    "measurement.corrected": "corrected",
    "measurement.deleted": "deleted",
    "windows.drawn": "drew audit windows of",
    "windows.chosen": "chose windows of",
    "windows.rescanned": "handed in windows of",
    "run.queued": "queued",
    "run.cancelled": "cancelled",
    "report.frozen": "froze the report",
    "report.marked": "marked a detail of the report",
    "report.decided": "decided on the report",
    "review.link": "made a reviewer's link to the report",
    "review.opened": "opened by link the report",
    "review.revoked": "revoked a reviewer's link to the report",
}
