"""Answers in the files of the field, for those who go on with them elsewhere."""
