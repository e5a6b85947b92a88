"""What surrounds the command line: its streams, the shell that completes it, commands to copy."""
