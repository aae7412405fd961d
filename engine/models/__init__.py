"""The bundled models, one folder each."""
