"""The phantom's world: a colon in cylindrical coordinates, its polyps, endoscope and screen."""
