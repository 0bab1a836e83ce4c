"""``python -m dendrosim``: the command line, for launchers such as torchrun."""

from dendrosim.commands.main import main

main()
