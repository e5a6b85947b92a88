"""An invented catalogue of any size, to measure and to try things on (`manage.py make_catalogue`)."""
