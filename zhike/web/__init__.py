"""The roof: agent desk, warning board, portal, handbook browser, administration, live feed, API, command line."""
