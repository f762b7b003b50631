"""Chips at the desk: what fits on which, how it gets there, and the keys of those that sign their taps."""
