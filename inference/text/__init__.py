"""Names of files, plain text and cells of tables: what every package needs and no picture or model has."""
