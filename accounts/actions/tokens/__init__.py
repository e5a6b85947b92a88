"""Acts on tokens besides creating and revoking one."""
