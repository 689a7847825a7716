"""The form of a word of the glossary."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Definition:
    """`name` as a page writes it, what it `means` and how to `read` it: plain sentences."""

    name: str
    means: str
    read: str
