"""A day of a city in compressed time, with an all-knowing judge (``./scripts/simulate``).

``city`` knows the truth about every card and changes it; ``office`` is the service: it makes bundles of what
is true, and takes logs; ``weather`` is everything that goes wrong between the two and at the doors; ``door``
is one reader, the very one of ``cardsvc-verify gate``; ``judge`` sees all of it; ``day`` lets the time pass.
"""
