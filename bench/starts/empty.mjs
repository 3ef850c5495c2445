// Nothing: the start of Node itself.
