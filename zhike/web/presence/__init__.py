"""Who answers queues says what he is doing: a control in the top bar of every page, and its signs of life."""
