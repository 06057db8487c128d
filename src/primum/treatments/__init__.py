"""What we ask about: each treatment is a folder of data."""
