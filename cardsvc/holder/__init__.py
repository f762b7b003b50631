"""The resident's side: phones that carry a card, their tokens, what holders report (docs/holder.md)."""
