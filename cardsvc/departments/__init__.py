"""What departments do: grant and withdraw their own services, one by one or from a list, and see no more."""
