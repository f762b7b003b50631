"""Officers: what they are told, by whose leave, and who sees that they asked."""
