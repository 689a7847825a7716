class Refused(Exception):
    """A request that cannot be granted; the message is a sentence for the person who asked."""
