"""Recipes, one TOML file each, named after the recipe."""
