"""What exists only for speed; each module says which row of `make bench` it serves and what it saves there."""
