"""Stages between the generator's motion and the renderer."""
