from zhike.web.tests.conftest import telephone, world

__all__ = ["telephone", "world"]
