"""Signing keys, the root ceremony, and the building of signed lists and bundles."""
