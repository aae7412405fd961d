"""Texts as numbers: 62-bit hashes that grow with each character."""

from ...jit import inner_kernel

_PRIME = (1 << 31) - 1


@inner_kernel
def extend(text: int, code: int) -> int:
    """Return the hash of a text with one more character: two polynomials modulo 2^31 - 1, packed."""
    high = (text >> 31) * 1103515245 + code + 1
    high = (high & _PRIME) + (high >> 31)
    high = (high & _PRIME) + (high >> 31)
    low = (text & _PRIME) * 1812433253 + code + 1
    low = (low & _PRIME) + (low >> 31)
    low = (low & _PRIME) + (low >> 31)
    return (high << 31) | low


@inner_kernel
def extend_by_hash(text: int, other: int) -> int:
    """Return the hash of a sequence with another hash added."""
    return extend(extend(text, other >> 31), other & _PRIME)
