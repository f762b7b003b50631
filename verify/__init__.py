"""The ground floor: the wire format in both directions and the whole offline procedure."""
