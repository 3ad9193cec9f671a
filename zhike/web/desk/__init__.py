"""工作台: what do I do next, for whom, until when."""
