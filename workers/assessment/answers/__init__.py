"""Answers, not pixels: phases, their modes and compositions, the width of a boundary, wt%.

Everything here is numpy and scipy, so that a page may ask too.
"""
