"""The science: readers, physics, posteriors, assessment. Knows nothing of the portal."""
