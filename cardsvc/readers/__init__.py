"""The service's side of readers: enrolment, tokens, logs, venues and what readers made of their day."""
