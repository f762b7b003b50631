"""What readers fetch: snapshots turned into signed bundles."""
