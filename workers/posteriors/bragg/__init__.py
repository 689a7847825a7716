"""The crystal behind a rocking curve: Bragg coherent diffraction, phased without a scan."""
