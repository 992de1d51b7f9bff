"""Cards of encoders, one TOML file each, named after the encoder."""
