"""How files become reports of the store, wholly or not at all, and what follows from them."""
