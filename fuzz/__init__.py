"""Coverage-guided fuzzing of the masking engine: what must hold for every byte string, found or not by the tests.

A target is a module with two functions: `check(data)` raises AssertionError (or lets an error escape) when a promise is
broken, `seeds()` gives inputs to start from. Targets do not import Atheris, so that the tests replay any input through
them; `python -m fuzz` runs each for a bounded time in a process of its own and says how many executions it reached.
"""
