"""The journal as a page: what happened, whether its chain holds, and who looked behind a mask or took data out."""
