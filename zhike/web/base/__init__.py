"""What every page stands on: layouts, components, the words for time, names and fields."""
