"""Audit windows: small areas of the same specimen, rescanned at full resolution.

`windows` draws where they lie, `registration` finds where they came to lie, `counts` scores the
rescanned counts against a run, `claim` says what follows, `features` judges the feature risks, and
`gain` proposes where to look next. Only `features` needs torch.
"""
