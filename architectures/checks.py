"""What every architecture asks of its numbers."""


def require_positive(**values: int) -> None:
    """Checks parameters that count something.

    Raises:
        ValueError: names the first that is less than 1.
    """
    for name, value in values.items():
        if value < 1:
            raise ValueError(f"{name} = {value}: it must be at least 1")
