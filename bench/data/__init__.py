"""Data sets, held as uint8 pictures or float points, and the loader that draws batches of them."""
