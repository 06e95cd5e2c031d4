"""The world's name in several languages."""

WORLD = {"en": "world", "de": "Welt", "fr": "monde"}
