from collections.abc import Iterator

import pytest

from tests.chips.virtual import VirtualReader, virtual_reader_service


@pytest.fixture(scope="module")
def virtual_reader() -> Iterator[VirtualReader]:
    """A contactless reader on which tests lay chips."""
    with virtual_reader_service() as reader:
        yield reader
