"""Fixtures of a running service, on either database."""

from tests.records.conftest import postgres_database as postgres_database
from tests.records.conftest import postgres_url as postgres_url
from tests.service.fixtures import either_house as either_house
from tests.service.fixtures import house as house
from tests.service.fixtures import pattern as pattern
