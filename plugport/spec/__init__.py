"""Pure rules shared by the registry and its clients: no network, no database, no framework."""
