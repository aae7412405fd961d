"""The beam search over a graph, frame by frame."""
