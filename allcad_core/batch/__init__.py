"""Many files in one run: found, analysed by one or more workers, kept in tables, and gone on with after any end."""
