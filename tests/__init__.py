"""Tests that belong to no single room: architecture, journeys, properties. A room's own tests live in the room."""
