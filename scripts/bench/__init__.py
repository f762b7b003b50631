"""Benchmarks: one file a goal, every figure a ratio measured within one run (``python -m scripts.bench``)."""
