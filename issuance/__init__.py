"""From an application to a printed card: rules, lettering, codes, pages."""
