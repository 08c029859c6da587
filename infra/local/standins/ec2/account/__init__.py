"""What the local AWS account adds to moto, and what it mends in it (moto 5.2.5)."""
