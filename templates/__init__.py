"""Card layouts, art and fonts: data, no code."""
