"""Being away: who stands in for whom, and until when."""
