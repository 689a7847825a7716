"""What units are asked: the classical descriptor, symmetry, states and rates, pathways."""
