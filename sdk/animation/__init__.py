"""Portrait and sound to a talking video."""
