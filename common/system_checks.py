"""The tag of system checks for mistakes in the settings, which `manage.py serve` runs at its start."""

SETTINGS_TAG = "settings"
