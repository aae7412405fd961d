"""The exceptions that harken raises on purpose; each message is one sentence: what is wrong and how to mend it."""


class HarkenError(Exception):
    """Base of every exception that harken raises on purpose."""


class OptionsError(HarkenError, ValueError):
    """An option, or a combination of options, that makes no sense."""


class AudioError(HarkenError, ValueError):
    """A recording that cannot be read, or samples that are no audio."""


class FormatError(HarkenError, ValueError):
    """A file whose content is malformed: an ARPA model, a lexicon, a graph, a manifest, a score matrix."""


class ModelError(HarkenError):
    """A model bundle that is missing, incomplete, damaged or of an unknown kind."""


class ScoresError(HarkenError, ValueError):
    """Scores or features that do not fit the stage they are given to: shape, NaN, wrong number of units."""


class SearchError(HarkenError):
    """A search that has no answer; the message names the frame."""
