"""The issuing service: records, use cases and the command line."""
