from zhike.web.tests.conftest import world

__all__ = ["world"]
