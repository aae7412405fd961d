"""Custom models. Reading order: options, steps; text, words, models, bundle; report, word_recall."""

from .options import CustomizeOptions, CustomizeReport
from .steps import customize_lm

__all__ = ["CustomizeOptions", "CustomizeReport", "customize_lm"]
