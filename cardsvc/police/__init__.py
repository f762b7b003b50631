"""Officers: details after a scan, look-ups by two, the hotlist, budgets, and who watches over it."""
