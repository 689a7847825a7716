"""The object and the probe that a diffraction scan was made with."""
