"""The keyboard: what each key does and where, on one page that `?` opens from anywhere."""
