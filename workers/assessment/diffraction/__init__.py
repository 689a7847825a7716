"""How good a diffraction reconstruction is, judged by frames and halves it has not seen."""
