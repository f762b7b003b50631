"""Set-up, demo, benchmarks and other programs of the tree; nothing imports them."""
