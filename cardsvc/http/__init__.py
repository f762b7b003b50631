"""What all rooms of the service share: who may call, how errors look, what every answer carries."""
