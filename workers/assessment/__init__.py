"""What a result is worth: what the data fixed, what was invented, and how often that is wrong.

Works from posterior samples, the measurement and its forward model; knows no instrument.
"""
