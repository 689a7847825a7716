"""The proof that the assessment can fail: one module for each part of `make validate`.

A part is a `Part` (see `part.py`) named in `parts.py`; `tests/benchmarks/assessment.py` runs them.
"""
