"""The product: audio in, the acoustic model, the recogniser, evaluation, the command line."""
