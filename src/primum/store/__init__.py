"""Where reports rest: tables made from one schema, the only room that talks to an engine."""
