"""What should a provider's cache have had of each prompt, and why had it less?

Its rooms in reading order, ● those that others may come in by:

    cached_prompts ●  what of a prompt was sent before
    lifetimes ●       for how long caches have been seen to keep what was sent
    cache ●           what a cache should have had of each prompt, what it had, and why not all
    cache_findings ●  what is found in that, and what it adds up to
"""
