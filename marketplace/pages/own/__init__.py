"""The sections of `/account` about plugins: one module each, with its pages."""
