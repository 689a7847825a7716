"""Synthetic mineral maps whose truth is known: what the shipped networks learn from."""

from workers.training.minerals.scene import Scene, scene

__all__ = ["Scene", "scene"]
