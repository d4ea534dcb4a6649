"""One module a command: ``add_arguments(parser)``, and ``main(options)`` with the exit code."""
