"""The audit as people and outsiders check it: pages, proofs, checkpoints."""
