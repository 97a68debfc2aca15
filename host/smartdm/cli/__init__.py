"""The command line ``smartdm``: the only place that prints, prompts, and reads arguments and the environment.

One file per command group.  ``main`` maps errors to one line and an exit code, ``output`` prints,
``app`` holds what the global options said and opens the card at first use.
"""
