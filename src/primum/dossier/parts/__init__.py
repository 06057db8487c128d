"""The sections of the answer, one file each: data in, a Part out."""
