from zhike.web.tests.conftest import world as department

world = department
