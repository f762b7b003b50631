"""The schema's history. Migrations only add, so that the version before runs on beside the new one."""
