"""``python -m dendrosim``: the command line, for launchers such as torchrun."""

from dendrosim.cli import main

main()
