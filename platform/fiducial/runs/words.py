"""Durations and reasons in words: what pages, API and terminal say about a run."""

from django.conf import settings


def duration(seconds: float) -> str:
    """Say a time span as a person would: “40 s”, “3 min”, “2 h 10 min”."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def size(count: float) -> str:
    """Say an amount of bytes as a person would: “512 MB”, “3.2 GB”."""
    if count < 1e9:
        return f"{count / 1e6:.0f} MB"
    return f"{count / 1e9:.1f} GB" if count < 1e10 else f"{count / 1e9:.0f} GB"


def span(low: float, high: float) -> str:
    """Say a range of time spans: “2 to 5 min” rather than “2 min to 5 min”."""
    first, last = duration(low), duration(high)
    if first == last:
        return f"about {last}"
    if first.split()[1:] == last.split()[1:]:
        first = first.split()[0]
    return f"{first} to {last}"


def soft_limit() -> float:
    """Seconds after which a run is told that it took too long."""
    return 0.9 * settings.RUN_HARD_LIMIT_SECONDS


def over_time_limit() -> str:
    return (
        f"The run took longer than the limit of {duration(soft_limit())} and was ended. "
        "Run it with fewer elements, fewer samples or a smaller factor."
    )


def out_of_memory() -> str:
    return (
        "The run needed more memory than its worker has. Nothing of it was kept; your inputs are. "
        "Run it with fewer elements, fewer samples or a smaller factor, or cut the map into "
        "smaller tiles and run each."
    )


def killed_again() -> str:
    return (
        "The system ended its process at the second attempt, most often because memory ran out. "
        "Nothing of it was kept; your inputs are. Run it with fewer elements, fewer samples or a "
        "smaller factor, or cut the map into smaller tiles and run each."
    )


def store_away(why: str) -> str:
    return (
        f"{why} It was tried for {duration(settings.OBJECTS_PATIENCE_SECONDS)}. Nothing of this "
        "run was kept; your inputs are. Retry it when an operator has put the store right."
    )


def tile_lost_for_good(attempts: int) -> str:
    return (
        f"One tile of the map lost its worker {attempts} times in a row, so the run was given up. "
        "Most often a tile needs more memory than the worker has: run it with fewer elements, or "
        "ask an operator for smaller tiles."
    )


def worker_lost_for_good(attempts: int, stage: str, percent: int) -> str:
    where = f" It was last at “{stage}” ({percent} %)." if stage else ""
    return (
        f"Its worker was lost {attempts} times in a row, so the run was given up.{where} "
        "Most often a run needs more memory than the worker has: "
        "run it with fewer elements, fewer samples or a smaller factor."
    )
