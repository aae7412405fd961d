"""From manifests to a model bundle, in resumable stages (needs the `train` extra)."""
