"""The styles that ship: made, and checked against one another."""
