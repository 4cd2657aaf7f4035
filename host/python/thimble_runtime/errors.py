"""Errors of files; values that a model does not take are a ValueError, as everywhere in Python."""


class ThimbleError(Exception):
    """A file that is no model, that is damaged, or that is not signed with the key."""


def expected(where: str, wanted: object, found: object) -> ThimbleError:
    """The error in the one form that all of thimble's messages have."""
    return ThimbleError(f"{where}: expected {wanted}, found {found}")
