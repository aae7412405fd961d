"""What a beam search forgets: links outside the lattice beam, and everything before a common ancestor."""

import numpy as np
from numpy.typing import NDArray

from ...jit import inlined_kernel, kernel, lean_kernel
from .token_arrays import FRAME, NO_LINK, PRUNED, Frames, Links, Tokens, Widths


@inlined_kernel
def compact(tokens: Tokens, links: Links, frames: Frames, first: int, last: int, shift: int) -> None:
    """Close the gaps in frames ``first`` to ``last``: links with arc -1 and tokens with infinite extra go.

    The frames move down by ``shift`` (0, or ``first`` where the earlier ones are to go).
    """
    new_token, new_link = frames.token_begin[first - shift], frames.link_begin[first - shift]
    first_token = frames.token_begin[first]
    token, link = first_token, frames.link_begin[first]
    for frame in range(first, last + 1):
        token_end, link_end = frames.token_begin[frame + 1], frames.link_begin[frame + 1]
        frames.token_begin[frame - shift], frames.link_begin[frame - shift] = new_token, new_link
        kept = new_token
        for old in range(token, token_end):
            if tokens.extra[old] == np.inf:
                continue
            tokens.moved[old] = new_token
            tokens.state[new_token] = tokens.state[old]
            tokens.cost[new_token] = tokens.cost[old]
            tokens.back[new_token] = tokens.back[old]
            tokens.extra[new_token] = tokens.extra[old]
            if len(tokens.history) > 0:
                tokens.history[new_token] = tokens.history[old]
            if len(tokens.ahead) > 0:
                tokens.ahead[new_token] = tokens.ahead[old]
            new_token += 1
        for old in range(link, link_end):
            links.moved[old] = NO_LINK
            if links.arc[old] < 0:
                continue
            source = links.source[old]
            links.moved[old] = new_link
            links.source[new_link] = tokens.moved[source] if source >= first_token else source
            links.target[new_link] = tokens.moved[links.target[old]]
            links.arc[new_link] = links.arc[old]
            links.added[new_link] = links.added[old]
            links.acoustic[new_link] = links.acoustic[old]
            if len(links.lm) > 0:
                links.lm[new_link] = links.lm[old]
                links.phrase[new_link] = links.phrase[old]
            new_link += 1
        for new in range(kept, new_token):
            if tokens.back[new] != NO_LINK:
                tokens.back[new] = links.moved[tokens.back[new]]
        token, link = token_end, link_end
    frames.token_begin[last + 1 - shift], frames.link_begin[last + 1 - shift] = new_token, new_link


@inlined_kernel
def excess(widths: Widths, tokens: Tokens, links: Links, link: int) -> float:
    """Return how much more the best path through the link costs than its target's best path."""
    a, b = links.source[link], links.target[link]
    if tokens.back[b] == link:
        return 0.0  # exactly, whatever rounding says: a token that is kept keeps its best path
    step = np.float64(links.added[link]) + widths.acoustic_scale * np.float64(links.acoustic[link])
    return float(tokens.cost[a] + step - tokens.cost[b])


@lean_kernel
def prune(
    widths: Widths,
    tokens: Tokens,
    links: Links,
    frames: Frames,
    fresh: NDArray[np.float64],
    position: NDArray[np.int64],
    settled: int,
) -> None:
    """Drop the links, and the tokens, through which every path is worse than the best by more than the lattice beam.

    ``tokens.extra`` of the last frame says how much worse than the best each of its tokens counts. The pass goes back
    over all frames later than ``settled`` (-1: all there are), and on as long as it changes something (by a tenth of
    the lattice beam, as in Kaldi; what is kept too long goes later). ``fresh`` is room for a number a token.
    """
    last = position[FRAME]
    source, target, extra = links.source, links.target, tokens.extra
    tolerance = 0.1 * widths.lattice_beam
    for token in range(frames.token_begin[last], frames.token_begin[last + 1]):
        fresh[token] = extra[token]
    stop = last + 1
    for frame in range(last, -1, -1):
        begin, end = frames.token_begin[frame], frames.token_begin[frame + 1]
        for link in range(frames.link_begin[frame + 1] - 1, frames.link_begin[frame] - 1, -1):
            a, b = source[link], target[link]
            if a < begin:
                break
            worse = excess(widths, tokens, links, link) + fresh[b]
            if worse <= widths.lattice_beam and worse < fresh[a]:
                fresh[a] = worse
        changed = frame > settled
        for token in range(begin, end):
            if not changed and fresh[token] != extra[token]:
                changed = not fresh[token] - extra[token] <= tolerance
        if not changed:
            break
        for token in range(begin, end):
            extra[token] = fresh[token]
        stop = frame
        before = frames.token_begin[max(frame - 1, 0)]
        for token in range(before, begin):
            fresh[token] = np.inf
        for link in range(frames.link_begin[frame], frames.link_begin[frame + 1]):
            a, b = source[link], target[link]
            worse = excess(widths, tokens, links, link) + fresh[b]
            if not worse <= widths.lattice_beam:
                links.arc[link] = -1
            elif a < begin and worse < fresh[a]:
                fresh[a] = worse
    if stop <= last:
        compact(tokens, links, frames, stop, last, stop - stop)
    position[PRUNED] = last


@lean_kernel
def keep_best_paths(tokens: Tokens, links: Links, frames: Frames, position: NDArray[np.int64], settled: int) -> None:
    """Drop the tokens that are on no best path of a token of the last frame, whose ``extra`` are 0 on entry.

    For a search that keeps one link a token. The pass goes back over all frames later than ``settled``, and on as long
    as it drops something.
    """
    last = position[FRAME]
    extra, back, source = tokens.extra, tokens.back, links.source
    stop = last + 1
    for frame in range(last, -1, -1):
        begin, end = frames.token_begin[frame], frames.token_begin[frame + 1]
        for token in range(frames.token_begin[max(frame - 1, 0)], begin):
            extra[token] = np.inf
        for token in range(begin, end):
            if extra[token] == np.inf:
                continue
            at = np.int64(token)
            while at >= begin and back[at] != NO_LINK:
                at = np.int64(source[back[at]])
                if at >= begin and extra[at] == 0.0:
                    break
                extra[at] = 0.0
        dropped = False
        for link in range(frames.link_begin[frame], frames.link_begin[frame + 1]):
            if extra[links.target[link]] == np.inf:
                links.arc[link] = -1
                dropped = True
        if not dropped and frame <= settled:
            # The frames before stay as they are.
            for token in range(frames.token_begin[max(frame - 1, 0)], begin):
                extra[token] = 0.0
            break
        stop = frame
    if stop <= last:
        compact(tokens, links, frames, stop, last, stop - stop)
    position[PRUNED] = last


@kernel
def common_ancestor(tokens: Tokens, links: Links, frames: Frames, position: NDArray[np.int64], newest: int) -> int:
    """Return the latest token of frames 0 to ``newest`` that lies on the best paths of all tokens of the last frame."""
    last = position[FRAME]
    end, limit = frames.token_begin[last + 1], frames.token_begin[newest + 1]
    children = np.zeros(end, np.int32)
    seen = np.zeros(end, np.bool_)
    for live in range(frames.token_begin[last], end):
        token = live
        while not seen[token]:
            seen[token] = True
            if tokens.back[token] == NO_LINK:
                break
            token = links.source[tokens.back[token]]
            children[token] += 1
    # Climb from any live token to the root: a fork ends the common part, so the last fork met decides.
    token = end - 1
    common = token if token < limit else -1
    while tokens.back[token] != NO_LINK:
        token = links.source[tokens.back[token]]
        if children[token] > 1 or token >= frames.token_begin[last] or common < 0:
            common = token if token < limit else -1
    return common


@kernel
def drop_before(tokens: Tokens, links: Links, frames: Frames, position: NDArray[np.int64], root: int) -> None:
    """Free everything that no path from the token ``root`` reaches; its frame becomes frame 0."""
    last = position[FRAME]
    first = 0
    while frames.token_begin[first + 1] <= root:
        first += 1
    begin, end = frames.token_begin[first], frames.token_begin[last + 1]
    reached = np.zeros(end - begin, np.bool_)
    reached[root - begin] = True
    tokens.back[root] = NO_LINK
    # Once is enough but where links were written over: then a frame's epsilon links are in no order.
    changed = True
    while changed:
        changed = False
        for link in range(frames.link_begin[first], frames.link_begin[last + 1]):
            a, b = links.source[link], links.target[link]
            if a >= begin and reached[a - begin] and not reached[b - begin]:
                reached[b - begin] = True
                changed = True
    for link in range(frames.link_begin[first], frames.link_begin[last + 1]):
        if links.source[link] < begin or not reached[links.source[link] - begin]:
            links.arc[link] = -1
    for token in range(begin, end):
        if not reached[token - begin]:
            tokens.extra[token] = np.inf
    compact(tokens, links, frames, first, last, first)
    position[FRAME] -= first
    position[PRUNED] -= first
