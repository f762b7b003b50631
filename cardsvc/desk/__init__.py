"""The issuing desk: from applications to cards, and what becomes of them."""
