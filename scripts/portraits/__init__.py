"""Draws people who do not exist, for the examples."""
