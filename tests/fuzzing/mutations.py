"""Values that nobody expects, and ways to damage what is whole."""

import copy
import struct
from random import Random
from typing import Any

NAMES = ["", "x" * 300, "[/b]", "[red]", "\x1b[31mred", "a\nb", "../..", "\0", "Θ✓", "hidden-1", "data", "\ud800"]
NUMBERS = [0, -1, 1, 2, 10**9, 10**18, 2**63, 2**64, -(2**63), 0.0, -0.5, 1e-320, 1e308, float("nan"), float("inf")]


def nested(depth: int, of: type = list) -> Any:
    """Lists, or tables, in one another."""
    value: Any = 1
    for _ in range(depth):
        value = [value] if of is list else {"a": value}
    return value


def nasty(random: Random) -> Any:
    """Draw a value of any type."""
    kind = random.randrange(8)
    if kind < 3:
        return random.choice(NUMBERS)
    if kind < 5:
        return random.choice([*NAMES, "3", "all", "dense", "digits"])
    return random.choice([[], {}, [1, "a"], [[]], {"x": 1}, True, False, [0, 0], [3, 3, 3], nested(3), nested(5, dict)])


def mutate_tree(tree: Any, random: Random) -> Any:
    """Return a copy of lists and tables with one to three places changed, added, removed or exchanged."""
    tree = copy.deepcopy(tree)
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        places = list(_places(tree))
        if not places:
            return nasty(random)
        holder, key = random.choice(places)
        action = random.randrange(6)
        if action < 3:
            holder[key] = nasty(random)
        elif action == 3:
            del holder[key]
        elif action == 4 and isinstance(holder, dict):
            holder[random.choice([*NAMES, "kind", "settings", str(key)[:-1], f"{key}x"])] = holder[key]
        else:
            other, name = random.choice(places)
            try:
                holder[key] = copy.deepcopy(other[name])
            except (LookupError, RecursionError):
                continue
    return tree


def _places(tree: Any) -> Any:
    for key in list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ():
        yield tree, key
        yield from _places(tree[key])


def mutate_bytes(content: bytes, random: Random) -> bytes:
    """Return bytes with one to four places flipped, cut, repeated, or replaced by an extreme number."""
    data = bytearray(content)
    for _ in range(random.randint(1, 4)):
        place, action = random.randrange(len(data) + 1), random.randrange(8)
        if action < 3 and data:
            data[place % len(data)] ^= 1 << random.randrange(8)
        elif action == 3 and data:
            data[place % len(data)] = random.choice([0, 1, 0x7F, 0x80, 0xFF])
        elif action == 4:
            del data[place : len(data) if random.random() < 0.3 else place + random.randint(1, 30)]
        elif action == 5:
            data[place:place] = data[place : place + random.randint(1, 30)]
        else:
            form = random.choice(["<I", ">I", "<Q", ">Q", "<H"])
            number = random.choice([0, 1, 255, 2**16 - 1, 2**31 - 1, 2**32 - 1, 2**62, 2**64 - 1])
            packed = struct.pack(form, number % 2 ** (8 * struct.calcsize(form)))
            data[place : place + len(packed)] = packed
    return bytes(data)
