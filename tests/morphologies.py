"""Small morphologies as texts in SWC, that tests share."""

from dendrosim.morphology import Morphology

# A soma of 10 µm, a basal dendrite that forks after 50 µm, an apical one of two pieces, and an axon.
PLAIN = """\
1 1 0 0 0 10 -1
2 3 0 -60 0 1 1
3 3 30 -100 0 0.5 2
4 3 -40 -60 0 0.5 2
5 4 0 110 0 2 1
6 4 0 310 0 1 5
7 2 30 0 0 0.4 1
"""


def read(folder, text, name="neuron.swc"):
    """Write a file and read it."""
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Morphology.read(file)


def cylinder(folder, length, radius, soma=1.0):
    """A soma, µm, with one basal dendrite."""
    return read(folder, f"1 1 0 0 0 {soma} -1\n2 3 {soma + length} 0 0 {radius} 1\n")
