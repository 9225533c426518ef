"""Training of the base weights on the corpus."""
