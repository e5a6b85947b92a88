"""HTTP for both the gateway and Django: addresses of clients, errors, headers."""
