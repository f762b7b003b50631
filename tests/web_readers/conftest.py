"""One installation and one browser, as the desk's own tests have them."""

from tests.reader.test_outputs import broker as broker
from tests.web.conftest import browser as browser
from tests.web.conftest import house as house
from tests.web.conftest import staff as staff
