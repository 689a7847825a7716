"""How a program says who it is. Every route names one of these; a test looks that none forgot."""

from ninja.security import SessionAuth

# The session of a signed-in person with the CSRF token of their pages; tokens will stand beside.
SIGNED_IN = [SessionAuth()]
