import pytest

from tests.world import Cast, cast


@pytest.fixture
def people(db: None) -> Cast:
    return cast()
