"""One drawing at a time in a process.

PDFium is not made for several threads (its documentation says so), and a printer's typefaces keep what they
cut. Routes run in threads, so whoever draws holds :data:`DRAWING`. Who only measures letters cuts nothing and
holds :data:`MEASURING` instead, so that no list and no form waits for a picture.
"""

from threading import RLock

DRAWING = RLock()
MEASURING = RLock()
