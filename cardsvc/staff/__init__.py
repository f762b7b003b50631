"""The people who work here: offices, roles, invitations, ways to sign in, sessions, approvers' keys."""
