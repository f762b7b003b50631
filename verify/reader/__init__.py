"""The reader at a door, in a bus, on a desk: reads, judges, opens, keeps its log (docs/readers.md)."""
