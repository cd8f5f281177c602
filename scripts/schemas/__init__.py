"""JSON Schemas of config files, from constructors, the schema of the top-level keys, and the remarks in conf/."""
