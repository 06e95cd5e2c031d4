"""Greets whoever calls, in words from a layer."""

import os

import words


def handler(event, context):
    return {
        "greeting": f"{os.environ['GREETING']}, {words.WORLD[event.get('language', 'en')]}",
        "version": context.function_version,
    }
