"""One module per system: what it asks a person, what it costs, and how it runs."""
