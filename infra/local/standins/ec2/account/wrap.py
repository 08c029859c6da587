"""Replacing a method by one that knows the method it replaces."""

import functools


def wrap(owner, name):
    """Decorator: the function takes the place of `owner.name` and gets the original as its first argument."""

    def install(replacement):
        original = getattr(owner, name)

        @functools.wraps(original)
        def method(self, *args, **kwargs):
            return replacement(functools.partial(original, self), self, *args, **kwargs)

        setattr(owner, name, method)
        return method

    return install
