"""The template tags of the product; `{% load zhike_web %}`."""
