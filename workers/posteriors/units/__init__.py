"""The posterior of structural units: where to start, how to learn, what each patch then says."""
