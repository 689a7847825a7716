"""Procedural optics: probes, specimens and scans that no instrument has measured."""
