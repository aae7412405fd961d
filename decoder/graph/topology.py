"""HMM topologies: the states a phone goes through, with the probabilities of staying and of moving on.

A phone begins in state 0; leaving a state (by any transition but its self-loop) reads the state's first frame, every
self-loop one more. That is Kaldi's reading with self-loops after forward transitions ("reorder"); the path costs are
the same either way. A state's first frame and its further frames may have scores of their own: Kaldi's chain models
have one state with such a pair; ordinary HMMs use one pdf for both (see ``pdf_table``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...errors import OptionsError

_SUM_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class HmmState:
    """The transitions out of one state: pairs (state, probability); the number of states stands for the end."""

    transitions: tuple[tuple[int, float], ...]

    def self_loop(self, own: int) -> float:
        """Return the probability of staying, given the state's ``own`` number."""
        return sum(probability for target, probability in self.transitions if target == own)


@dataclass(frozen=True, slots=True)
class Topology:
    """The states of every phone: those of ``special`` by phone, ``usual`` for all the others.

    ``paired``: the tables made for it give a state's further frames a pdf of their own. Raises OptionsError where a
    state has no way on, a probability is not in (0, 1], those of a state don't add up to 1, or state 0 is entered again
    (that would begin another phone).
    """

    usual: tuple[HmmState, ...]
    special: Mapping[str, tuple[HmmState, ...]] = field(default_factory=dict)
    paired: bool = False

    def __post_init__(self) -> None:
        _check("the usual phone", self.usual)
        for phone, states in self.special.items():
            _check(phone, states)

    def states(self, phone: str) -> tuple[HmmState, ...]:
        """Return the states of ``phone``."""
        return self.special.get(phone, self.usual)


def chain_topology(self_loop: float = 0.5) -> Topology:
    """Return the topology of Kaldi's chain models: one state, further frames by a pdf of their own."""
    return Topology((HmmState(((0, self_loop), (1, 1.0 - self_loop))),), paired=True)


def left_to_right_topology(states: int = 3, self_loop: float = 0.75) -> Topology:
    """Return HMMs of ``states`` states in a row, each with a self-loop of probability ``self_loop``."""
    row = (HmmState(((own, self_loop), (own + 1, 1.0 - self_loop))) for own in range(states))
    return Topology(tuple(row))


def _check(phone: str, states: tuple[HmmState, ...]) -> None:
    if not states:
        raise OptionsError(f"topology: {phone} has no states; give it one at least.")
    for own, state in enumerate(states):
        where = f"topology: state {own} of {phone}"
        targets = [target for target, _ in state.transitions]
        if len(set(targets)) != len(targets) or any(not 0 <= target <= len(states) for target in targets):
            raise OptionsError(f"{where} leads to a state outside 0..{len(states)}, or to one of them twice.")
        if not all(0.0 < probability <= 1.0 for _, probability in state.transitions):
            raise OptionsError(f"{where} has a probability outside (0, 1]; leave out what cannot happen.")
        total = sum(probability for _, probability in state.transitions)
        if abs(total - 1.0) > _SUM_TOLERANCE:
            raise OptionsError(f"{where} has probabilities that add up to {total:g}, not to 1.")
        if own > 0 and 0 in targets:
            raise OptionsError(f"{where} goes back to state 0, where a phone begins; add a state for that.")
    ending = {len(states)}
    for _ in states:
        ending |= {own for own, state in enumerate(states) if any(target in ending for target, _ in state.transitions)}
    if len(ending) <= len(states):
        stuck = min(set(range(len(states))) - ending)
        raise OptionsError(f"topology: state {stuck} of {phone} never comes to the end; give it a transition.")
