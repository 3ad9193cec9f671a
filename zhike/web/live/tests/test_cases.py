"""What the feed tells of a case is what the case's page would show."""

import pytest

from zhike.cases.models import Case
from zhike.journal.tests.happenings import NOON
from zhike.org.models import HandbookVersion
from zhike.web.asgi import Application
from zhike.web.live.tests.streams import Stream, live, ring, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


def case_seen_by(*audience: str) -> Case:
    version = HandbookVersion.objects.create(
        name="shop", version="1", effective_from=NOON, source={}, text="", digest=f"{len(audience)}{audience}"
    )
    return Case.objects.create(
        number=f"示例-{version.pk}",
        handbook_version=version,
        handbook="shop",
        process="complaint",
        stage="open",
        title="示例",
        opened_at=NOON,
        updated_at=NOON,
        audience=list(audience),
    )


def test_a_colleague_whom_the_case_does_not_name_hears_nothing_even_when_the_fact_names_him() -> None:
    session = sign_in("clerk", "clerk")
    hidden, open_ = case_seen_by("shop:porter"), case_seen_by("shop:porter", "shop:clerk")

    async def story(product: Application) -> None:
        stream = await Stream(product, session).ready()
        await ring(1, subject=("case", hidden.pk))
        await ring(2, subject=("case", open_.pk))
        assert await stream.hears(1) == [2]

    live(story)


def test_a_case_that_is_gone_is_told_of_to_nobody() -> None:
    session = sign_in("clerk", "clerk")
    open_ = case_seen_by("shop:clerk")

    async def story(product: Application) -> None:
        stream = await Stream(product, session).ready()
        await ring(1, subject=("case", open_.pk + 1))
        await ring(2, subject=("case", open_.pk))
        assert await stream.hears(1) == [2]

    live(story)
